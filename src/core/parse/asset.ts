/** Recognises requests for static assets: what a browser fetches by the dozen for one page. */

const [DOT, SLASH, QUESTION, HASH, SPACE] = [0x2e, 0x2f, 0x3f, 0x23, 0x20];
const EXTENSION_LENGTH_MAX = 8;

/** A lower-case extension of up to eight letters and digits as one exact number (base 37), or -1. */
function extensionCode(bytes: Uint8Array, start: number, end: number): number {
  if (end === start || end - start > EXTENSION_LENGTH_MAX) return -1;
  let code = 0;
  for (let i = start; i < end; i++) {
    const c = bytes[i] as number;
    const lower = c | 0x20;
    if (c >= 0x30 && c <= 0x39) code = code * 37 + (c - 0x2f);
    else if (lower >= 0x61 && lower <= 0x7a) code = code * 37 + (lower - 0x56);
    else return -1;
  }
  return code;
}

export class AssetMatcher {
  private readonly codes: ReadonlySet<number>;

  /** `extensions` without dots, in lower case. */
  constructor(extensions: readonly string[]) {
    const encoder = new TextEncoder();
    this.codes = new Set(extensions.map((text) => extensionCode(encoder.encode(text), 0, text.length)));
  }

  /** True when the path in `start`…`end` (query and fragment ignored) ends in a known extension. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    let dot = -1;
    let at = start;
    for (; at < end; at++) {
      const c = bytes[at] as number;
      if (c === DOT) dot = at;
      else if (c === SLASH) dot = -1;
      else if (c === QUESTION || c === HASH || c === SPACE) break;
    }
    return dot >= 0 && this.codes.has(extensionCode(bytes, dot + 1, at));
  }
}
