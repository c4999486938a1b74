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

/** What pages are made of besides what they show. */
const SHEETS_AND_SCRIPTS = 'css js mjs'.split(' ');
/** What pages show and scanners have no use for. */
const PICTURES = 'png jpg jpeg gif svg ico webp avif bmp woff woff2 ttf otf eot'.split(' ');

/** A path that names no static file, one, a style sheet or script, or a picture or font. */
export const [NO_ASSET, FILE, SHEET_FILE, PICTURE_FILE] = [0, 1, 2, 3] as const;
export type AssetKind = typeof NO_ASSET | typeof FILE | typeof SHEET_FILE | typeof PICTURE_FILE;

export class AssetMatcher {
  private readonly kinds: ReadonlyMap<number, AssetKind>;

  /** `extensions` without dots, in lower case. */
  constructor(extensions: readonly string[]) {
    const encoder = new TextEncoder();
    const [sheets, pictures] = [new Set(SHEETS_AND_SCRIPTS), new Set(PICTURES)];
    this.kinds = new Map(
      extensions.map((text) => [
        extensionCode(encoder.encode(`.${text}`), 0, text.length + 1),
        pictures.has(text) ? PICTURE_FILE : sheets.has(text) ? SHEET_FILE : FILE,
      ]),
    );
  }

  /** What the path in `start`…`end`, without query or fragment, names by its extension. */
  kind(bytes: Uint8Array, start: number, end: number): AssetKind {
    const code = extensionCode(bytes, start, end);
    return code === 0 ? NO_ASSET : (this.kinds.get(code) ?? NO_ASSET);
  }
}
