/** Text outside ASCII in a header: one encoded word a piece (RFC 2047), none longer than 75 characters. */

/** Bytes that fit into one word beside `=?UTF-8?B?` and `?=`. */
const BYTES_MAX = 45;

export function encodeHeader(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const words: string[] = [];
  let piece = '';
  for (const character of text) {
    if (Buffer.byteLength(piece + character) > BYTES_MAX) {
      words.push(piece);
      piece = '';
    }
    piece += character;
  }
  return [...words, piece].map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ');
}
