/** Networks of content delivery networks: behind one of their addresses are all visitors, so none is ever banned. */
import type { Reasoned } from '../net/prefix.ts';
import type { BanOptions } from '../settings/engine-settings.ts';
import { type ListReports, loadNamedList, loadOwnOr, parsePublished } from './named-list.ts';

/** The list that comes with zban. */
export const SHIPPED_CDN_RANGES = new URL('./cdn-ranges.txt', import.meta.url).pathname;
/** Published lists have hundreds of networks. */
const RANGES_MAX = 10_000;

/** Reads a list of networks, each with its CDN's name, such as `Cloudflare`. Throws NamedListError. */
export function loadCdnRanges(path: string, onDoubt?: ListReports['onDoubt']) {
  const format = {
    linesMax: RANGES_MAX,
    parse: (name: string, value: string) => {
      const prefix = parsePublished(value);
      return prefix && { name, prefix };
    },
    expected: 'NAME NETWORK, such as Example 192.0.2.0/24',
  };
  return loadNamedList(path, format, onDoubt);
}

/** The networks with their reason, in words. A file that can't be used is reported, and the shipped list taken. */
export function findCdnProtection(
  { protect_cdn, cdn_ranges }: Pick<BanOptions, 'protect_cdn' | 'cdn_ranges'>,
  reports: ListReports = {},
): Reasoned[] {
  if (!protect_cdn) return [];
  const ranges = loadOwnOr(cdn_ranges, SHIPPED_CDN_RANGES, loadCdnRanges, reports);
  return ranges.map(({ name, prefix }) => ({ prefix, reason: `a proxy of ${name} (bans.protect_cdn)` }));
}
