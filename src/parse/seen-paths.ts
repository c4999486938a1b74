/** What the parser needs of paths, remembered for those that come again. */
import { AssetMatcher, FILE, NO_ASSET, PICTURE_FILE } from './asset.ts';
import { PathFeatures } from './path-features.ts';
import { SeenTexts } from './seen-texts.ts';
import { ASSET, CREDENTIALS, PAGE_PART, PAYLOAD, PICTURE, QUERY } from './tally.ts';

/** Numbers of a path: its hashes, its last number, its bits of INFO, and its length without the query. */
export const [PATH_PATTERN, PATH_URL, PATH_NUMBER, PATH_INFO, PATH_LENGTH] = [0, 1, 2, 3, 4] as const;
const COLUMNS = 5;
/** Remembered: of the paths of real logs a third to 95 % are, in 128 KiB. */
const [PATHS_LOG2, PATH_BYTES_MAX] = [11, 64];

export class SeenPaths {
  /** What is known of paths, from the places that find() gives on. */
  readonly numbers: Uint32Array;
  private readonly texts = new SeenTexts(PATHS_LOG2, PATH_BYTES_MAX);
  private readonly features: PathFeatures;
  private readonly assets: AssetMatcher;

  constructor(hashKey: number | undefined, staticExtensions: readonly string[]) {
    this.numbers = new Uint32Array(this.texts.slots * COLUMNS);
    this.features = new PathFeatures(hashKey);
    this.assets = new AssetMatcher(staticExtensions);
  }

  /** Makes `bytes` the chunk that paths are looked for in. */
  open(bytes: Uint8Array): void {
    this.texts.open(bytes);
  }

  /** Where in `numbers` the path in `start`…`end` has its own. */
  find(bytes: Uint8Array, start: number, end: number, program: boolean): number {
    const slot = this.texts.find(bytes, start, end);
    return slot < 0 ? this.read((-1 - slot) * COLUMNS, bytes, start, end, program) : slot * COLUMNS;
  }

  private read(at: number, bytes: Uint8Array, start: number, end: number, program: boolean): number {
    const { features, numbers } = this;
    features.read(bytes, start, end, program);
    const asset = this.assets.kind(bytes, start, features.end);
    let info = 0;
    if (asset !== NO_ASSET) info |= asset === FILE ? ASSET : ASSET | PAGE_PART;
    if (asset === PICTURE_FILE) info |= PICTURE;
    if (features.payload) info |= PAYLOAD;
    if (features.credentials) info |= CREDENTIALS;
    if (features.hasQuery) info |= QUERY;
    numbers[at + PATH_PATTERN] = features.pattern;
    numbers[at + PATH_URL] = features.url;
    numbers[at + PATH_NUMBER] = features.number;
    numbers[at + PATH_INFO] = info;
    numbers[at + PATH_LENGTH] = features.end - start;
    return at;
  }
}
