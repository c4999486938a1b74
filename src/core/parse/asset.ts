/** Recognises requests for static assets: what a browser fetches by the dozen for one page. */

const DOT = 0x2e;
const EXTENSION_LENGTH_MAX = 8;

/** The extension at the end of a path, up to eight letters and digits, as one exact number (base 37); 0 for none. */
function extensionCode(bytes: Uint8Array, start: number, end: number): number {
  const first = Math.max(start, end - EXTENSION_LENGTH_MAX - 1);
  let code = 0;
  for (let at = end - 1; at >= first; at--) {
    const c = bytes[at] as number;
    const lower = c | 0x20;
    if (lower >= 0x61 && lower <= 0x7a) code = code * 37 + (lower - 0x56);
    else if (c >= 0x30 && c <= 0x39) code = code * 37 + (c - 0x2f);
    else return c === DOT ? code : 0;
  }
  return 0;
}

export class AssetMatcher {
  private readonly codes: ReadonlySet<number>;

  /** `extensions` without dots, in lower case. */
  constructor(extensions: readonly string[]) {
    const encoder = new TextEncoder();
    this.codes = new Set(extensions.map((text) => extensionCode(encoder.encode(`.${text}`), 0, text.length + 1)));
  }

  /** True when the path in `start`…`end`, without query or fragment, ends in a known extension. */
  matches(bytes: Uint8Array, start: number, end: number): boolean {
    const code = extensionCode(bytes, start, end);
    return code > 0 && this.codes.has(code);
  }
}

/** What pages show and scanners have no use for. */
export const PICTURES = 'png jpg jpeg gif svg ico webp avif bmp woff woff2 ttf otf eot'.split(' ');
