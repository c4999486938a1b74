/** The hash of paths and hosts, byte by byte: FNV-1a (Fowler, Noll, Vo). */

export const FNV_OFFSET = 0x811c9dc5 | 0;

/** The hash with one byte more. */
export const step = (hash: number, c: number): number => Math.imul(hash ^ c, 0x01000193);

/** Finaliser of MurmurHash3: FNV alone leaves the high bits of short texts alike. */
export function finish(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  h ^= h >>> 13;
  return h >>> 0;
}
