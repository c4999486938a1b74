/** The lists of networks that others publish: by which robots are verified, and CDNs' proxies protected. */
import type { Config } from '../config/schema.ts';
import { countOf } from '../english/number.ts';
import { findCdnProtection } from '../host/cdn-ranges.ts';
import type { ListReports } from '../host/named-list.ts';
import { findRobots, shippedRobotsDate } from '../host/robots.ts';
import { type Finding, ok, warn } from './finding.ts';

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
      : ok('robots', 'none is verified (detection.robots.verify)'),
    bans.protect_cdn
      ? checkList(ofCdns, (reports) => {
          const { length } = findCdnProtection(bans, reports);
          return `${countOf(length, 'network')} of their proxies are never banned: ${bans.cdn_ranges ?? ofCdns.shipped}`;
        })
      : ok('CDNs', 'their proxies may be banned (bans.protect_cdn)'),
  ];
}

function checkList(
  { check, key, shipped }: { readonly check: string; readonly key: string; readonly shipped: string },
  read: (reports: ListReports) => string,
): Finding {
  let found: Finding | undefined;
  const message = read({
    onTrouble: (trouble) => {
      found = warn(check, `${trouble}; ${shipped} is in force`, `correct or remove ${key}`);
    },
    onDoubt: (doubt) => {
      found = warn(check, doubt, 'write the address alone, or the network');
    },
  });
  return found ?? ok(check, message);
}
