/** Text from outside as one line of plain text; what escapes it further depends on where it is shown. */

/**
 * One line of plain text: control, invisible and direction-changing characters and lone surrogates removed, white
 * space joined, at most `charactersMax` UTF-16 units, never half a character. Anything but a string becomes its text, undefined and null nothing.
 */
export function plainText(value: unknown, charactersMax: number): string {
  const text = String(value ?? '')
    .slice(0, charactersMax * 4)
    .replace(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\p{C}/gu, '')
    .trim();
  return cutText(text, charactersMax);
}

/** At most `charactersMax` UTF-16 units, never half a character; line feeds stay. */
export function cutText(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  return `${text.slice(0, charactersMax - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
