import { findClosest } from '../english/closest.ts';

/** ` (did you mean ban?)`, or nothing where no name is near. */
export function didYouMean(word: string, known: readonly string[], prefix = ''): string {
  const closest = findClosest(word, known);
  return closest === undefined ? '' : ` (did you mean ${prefix}${closest}?)`;
}
