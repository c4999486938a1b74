/** Guesses what a misspelt key or value was meant to be. */
import { z } from 'zod';
import type { KeyPath } from './problem.ts';
import { configSchema } from './schema.ts';

/** What JSON Schema says of one place (https://json-schema.org/draft/2020-12). */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly propertyNames?: { readonly enum?: readonly string[] };
}

let shape: Shape | undefined;

/** The schema as data. Made once and only when needed: most configurations are right. */
function configShape(): Shape {
  shape ??= z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Shape;
  return shape;
}

/** Keys that may stand at `path`. */
export function knownKeys(path: KeyPath): readonly string[] {
  let place: Shape | undefined = configShape();
  for (const step of path) place = typeof step === 'number' ? place?.items : place?.properties?.[step];
  return [...Object.keys(place?.properties ?? {}), ...(place?.propertyNames?.enum ?? [])];
}

/** Every key of the configuration with its full path, such as `allowlist` at `bans.allowlist`. */
export function listKeys(): readonly { readonly name: string; readonly path: string }[] {
  const found: { name: string; path: string }[] = [];
  const walk = (place: Shape, prefix: string) => {
    for (const [name, inner] of Object.entries(place.properties ?? {})) {
      found.push({ name, path: prefix + name });
      walk(inner, `${prefix}${name}.`);
    }
    if (place.items) walk(place.items, `${prefix.slice(0, -1)}[].`);
  };
  walk(configShape(), '');
  return found;
}

/** The closest of `candidates`, if it is close enough to be a slip of the pen: a third of its letters. */
export function findClosest(word: string, candidates: readonly string[]): string | undefined {
  const wanted = normalize(word);
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of candidates) {
    const name = normalize(candidate);
    // `webook` is meant for `webhook_url`: the start of a name counts as well as the whole.
    const start = wanted.length < 4 ? Number.POSITIVE_INFINITY : 1 + editDistance(wanted, name.slice(0, wanted.length));
    const distance = Math.min(start, editDistance(wanted, name));
    if (distance <= Math.max(1, Math.floor(name.length / 3)) && (best === undefined || distance < best.distance))
      best = { candidate, distance };
  }
  return best?.candidate;
}

/** `zScore` and `z-score` mean `z_score`. Cut, since only short words are ever meant. */
function normalize(word: string): string {
  return word
    .slice(0, 40)
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

/** Letters to insert, delete, replace or swap with a neighbour (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (before[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
}
