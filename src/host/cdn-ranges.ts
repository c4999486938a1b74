/** Networks of content delivery networks: behind one of their addresses are all visitors, so none is ever banned. */
import type { Prefix } from '../net/prefix.ts';
import { loadNamedList, NamedListError, parsePublished } from './named-list.ts';

/** The list that comes with zban. */
export const SHIPPED_CDN_RANGES = new URL('./cdn-ranges.txt', import.meta.url).pathname;
/** Published lists have hundreds of networks. */
const RANGES_MAX = 10_000;

export interface CdnRange {
  readonly prefix: Prefix;
  /** The CDN, such as `Cloudflare`. */
  readonly name: string;
}

/** Reads a list of networks. Throws NamedListError. */
export function loadCdnRanges(path: string): CdnRange[] {
  return loadNamedList(path, {
    linesMax: RANGES_MAX,
    parse: (name, value) => {
      const prefix = parsePublished(value);
      return prefix && { name, prefix };
    },
    expected: 'NAME NETWORK, such as Example 192.0.2.0/24',
  });
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
    if (!(error instanceof NamedListError)) throw error;
    onTrouble(error.message);
  }
  ranges ??= loadCdnRanges(SHIPPED_CDN_RANGES);
  return ranges.map(({ name, prefix }) => ({ prefix, reason: `a proxy of ${name} (bans.protect_cdn)` }));
}
