/** The lists of networks that others publish: by which robots are verified, and CDNs' proxies protected. */
import type { Config } from '../config/schema.ts';
import { countOf } from '../english/number.ts';
import { findCdnProtection } from '../host/cdn-ranges.ts';
import type { ListReports } from '../host/named-list.ts';
import { findRobots, shippedRobotsDate } from '../host/robots.ts';
import { about, type Finding } from './finding.ts';

export function checkPublishedLists({ detection, bans }: Pick<Config, 'detection' | 'bans'>): Finding[] {
  const { verify, list } = detection.robots;
  const shippedRobots = `the list that comes with zban (${shippedRobotsDate()})`;
  const ofRobots = { check: 'robots', key: 'detection.robots.list', shipped: shippedRobots };
  const ofCdns = { check: 'CDNs', key: 'bans.cdn_ranges', shipped: 'the list that comes with zban' };
  return [
    verify
      ? checkList(ofRobots, (reports) => {
          const { size, networks } = findRobots(detection.robots, reports);
          return `${size} are known, with ${networks.length} networks: ${list ?? shippedRobots}`;
        })
      : about('robots').ok('none is verified (detection.robots.verify)'),
    bans.protect_cdn
      ? checkList(ofCdns, (reports) => {
          const { length } = findCdnProtection(bans, reports);
          return `${countOf(length, 'network')} of their proxies are never banned: ${bans.cdn_ranges ?? ofCdns.shipped}`;
        })
      : about('CDNs').ok('their proxies may be banned (bans.protect_cdn)'),
  ];
}

function checkList(
  { check, key, shipped }: { readonly check: string; readonly key: string; readonly shipped: string },
  read: (reports: ListReports) => string,
): Finding {
  const { ok, warn } = about(check);
  let found: Finding | undefined;
  const message = read({
    onTrouble: (trouble) => {
      found = warn(`${trouble}; ${shipped} is in force`, `correct or remove ${key}`);
    },
    onDoubt: (doubt) => {
      found = warn(doubt, 'write the address alone, or the network');
    },
  });
  return found ?? ok(message);
}
