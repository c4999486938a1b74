/** Networks of content delivery networks: behind one of their addresses are all visitors, so none is ever banned. */
import { readFileSync } from 'node:fs';
import { type Prefix, parsePrefix } from '../core/net/prefix.ts';

/** The list that comes with zban. */
export const SHIPPED_CDN_RANGES = new URL('./cdn-ranges.txt', import.meta.url).pathname;
/** Published lists have hundreds of networks; more than this is some other file. */
const RANGES_MAX = 10_000;
/** A wider network than this is no CDN's, but a slip that would switch off banning. */
const BITS_MIN = { 4: 8, 6: 16 } as const;

export interface CdnRange {
  readonly prefix: Prefix;
  /** The CDN, such as `Cloudflare`. */
  readonly name: string;
}

/** A list that can't be used; the message says where and why. */
export class CdnRangesError extends Error {
  override readonly name = 'CdnRangesError';
}

/** Reads `NAME NETWORK` lines; blank ones and those that begin with # don't count. Throws CdnRangesError. */
export function loadCdnRanges(path: string): CdnRange[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CdnRangesError(`cannot read ${path}: ${error instanceof Error ? error.message : error}`);
  }
  const ranges: CdnRange[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const content = line.trim();
    if (content === '' || content.startsWith('#')) continue;
    const [name = '', network = '', extra] = content.split(/\s+/);
    const prefix = extra === undefined ? parsePrefix(network) : undefined;
    if (!prefix || prefix.bits < BITS_MIN[prefix.family]) {
      throw new CdnRangesError(`${path}, line ${index + 1}: expected NAME NETWORK, such as Example 192.0.2.0/24`);
    }
    if (ranges.length === RANGES_MAX) throw new CdnRangesError(`${path} has more than ${RANGES_MAX} networks`);
    ranges.push({ name, prefix });
  }
  return ranges;
}

export interface CdnOptions {
  /** `bans.protect_cdn`. */
  readonly protect_cdn: boolean;
  /** `bans.cdn_ranges`: a file in place of the list that comes with zban. */
  readonly cdn_ranges?: string | undefined;
}

/** The networks with their reason, in words. A file of one's own that can't be used is told of, and the shipped list taken. */
export function findCdnProtection(
  { protect_cdn, cdn_ranges }: CdnOptions,
  onTrouble: (message: string) => void,
): { readonly prefix: Prefix; readonly reason: string }[] {
  if (!protect_cdn) return [];
  let ranges: readonly CdnRange[] | undefined;
  try {
    if (cdn_ranges !== undefined) ranges = loadCdnRanges(cdn_ranges);
  } catch (error) {
    if (!(error instanceof CdnRangesError)) throw error;
    onTrouble(error.message);
  }
  ranges ??= loadCdnRanges(SHIPPED_CDN_RANGES);
  return ranges.map(({ name, prefix }) => ({ prefix, reason: `a proxy of ${name} (bans.protect_cdn)` }));
}
