/** Every message that zban can send, by name: what the golden files show. */
import type { Notification } from '../../src/model/notification.ts';
import { formatDigest } from '../../src/notify/digest.ts';
import { formatMessage } from '../../src/notify/format.ts';
import type { Message, Sender } from '../../src/notify/message.ts';
import { anomaly, anomalyEnd, ban, fuse, lane, laneEnd, laneOrder, order, probes, trouble, unban } from './examples.ts';

const SENDER: Sender = { host: 'web-1', link: 'https://zban.example.com/' };
const TIME = '2026-11-20T10:11:12Z';

const one = (notification: Notification): Message => formatMessage(notification, SENDER);
const many = (notifications: readonly Notification[]): Message => formatDigest(notifications, SENDER);

const learned = { mean: 0.7, stddev: 0.55, error_ratio: 0.03 };
const nothing = { mean: null, stddev: null, error_ratio: null };
const panic = { kind: 'panic', time: TIME, operator: 'ann', reason: 'customers call', lifted: 31 } as const;
const released = { ...unban('203.0.113.9'), operator: 'ann', reason: 'a customer' } as Notification;
const list = {
  kind: 'many',
  ...{ time: TIME, operator: 'ann', count: 9998, reason: 'imported from the old host' },
  clients: ['203.0.113.1', '203.0.113.2', '2001:db8::/64'],
} as const;

export const CASES: Readonly<Record<string, () => Message>> = {
  'ban: scan': () =>
    one({
      ...ban({ condition: 'scan', learned, samples: probes('/.env', '/phpinfo.php') }),
      who: 'AS64500 Example Hosting, FR · rDNS host.example.net',
      share: 0.03,
    } as Notification),
  'ban: brute_force': () => one(ban({ condition: 'brute_force', learned, tier: 3, duration_seconds: 7200 })),
  'ban: scrape': () => one(ban({ condition: 'scrape', learned })),
  'ban: flood, more than half of the site': () =>
    one({ ...ban({ condition: 'flood', learned, tier: 4, duration_seconds: null }), share: 0.62 } as Notification),
  'ban: z_score': () => one(ban({ condition: 'z_score', learned: { mean: 0.05, stddev: 0.1, error_ratio: 0.004 } })),
  'ban: multiplier': () => one(ban({ learned })),
  'ban: multiplier, nothing learned lately': () => one(ban({ learned: nothing })),
  'ban: error_surge': () => one(ban({ condition: 'error_surge', learned })),
  'ban: warmup_ceiling': () => one(ban({ condition: 'warmup_ceiling', learned: nothing })),
  'ban: observe mode': () => one(ban({ condition: 'scan', learned, samples: probes('/.git/config') }, false, false)),
  'ban: not confirmed by the firewall': () => one(ban({ learned }, true, false)),
  'ban: shortly after a deploy': () => one({ ...ban({ learned }), after: '9 min after deploy 1.4.2' }),
  'ban: IPv4 behind a translator': () => one(ban({ ip: '64:ff9b::cb00:7109', ipv4: '203.0.113.9', learned })),
  'ban: a row of an older version': () => one(ban({ condition: 'multiplier' })),
  'ban: digest': () =>
    many(
      Array.from({ length: 40 }, (_, index) =>
        ban({
          ip: `198.51.100.${index}`,
          rate: index,
          ...(index % 4 === 0 ? { condition: 'brute_force' } : { condition: 'scan', samples: probes('/.env') }),
        }),
      ),
    ),
  'manual ban': () => one(order({ reason: 'abuse report', durationSeconds: 3600 })),
  'manual ban: permanent, without a reason': () => one(order({ durationSeconds: null })),
  'manual ban: not confirmed by the firewall': () => one(order({ durationSeconds: 3600, confirmed: false })),
  'manual ban: observe mode': () => one(order({ durationSeconds: 3600, enforced: false, confirmed: false })),
  allow: () => one(order({ action: 'allow', target: '198.51.100.0/24', reason: 'office' })),
  disallow: () => one(order({ action: 'disallow', target: '198.51.100.0/24' })),
  'orders: digest': () =>
    many([order({ reason: 'abuse report' }), order({ action: 'allow', target: 'office.example.com' })]),
  'import of a list': () => one({ ...list, action: 'ban' }),
  'many bans lifted': () => one({ ...list, action: 'unban', operator: null, count: 2, clients: [], reason: 'expired' }),
  'import of a list: observe mode': () => one({ ...list, action: 'ban', wouldBe: list.count }),
  'many bans lifted: with would-be bans': () => one({ ...list, action: 'unban', wouldBe: 9000, reason: 'panic' }),
  'release: expired': () => one(unban('203.0.113.9')),
  'release: by an operator': () => one(released),
  'release: tier 0': () => one({ ...released, tier: 0, reason: '' } as Notification),
  'release: parts stay banned': () => one({ ...released, ip: '203.0.113.0/24', within: 2 } as Notification),
  'release: still blocked by another ban': () => one({ ...released, blockedBy: ['203.0.113.0/24'] } as Notification),
  'release: the firewall fails': () => one({ ...released, failure: 'ipset ended with 1' } as Notification),
  'release: observe mode': () => one({ ...unban('203.0.113.9'), enforced: false } as Notification),
  'release: digest with would-be bans': () =>
    many([unban('203.0.113.1'), { ...released, enforced: false } as Notification, unban('203.0.113.3')]),
  'release: digest': () => many(['203.0.113.1', '203.0.113.2', '203.0.113.3'].map(unban)),
  'site: attack begins': () => one({ ...anomaly(), after: '9 min after deploy 1.4.2' }),
  'site: visitors': () =>
    one(
      anomaly({
        verdict: 'visitors',
        detail: 'looks like a crowd of visitors: 93 % are for static files (usually 91 %)',
      }),
    ),
  'site: unclear': () =>
    one(
      anomaly({
        ...{ verdict: 'unclear', condition: 'site_requests', peak_rate: 85, measured: 5100, peak_measured: 5100 },
        ...{ usual: 1400, detail: 'may be visitors or an attack: for an attack: one path; for visitors: pictures' },
      }),
    ),
  'site: attack ends': () => one(anomalyEnd()),
  'site: counts as normal now': () => one(anomalyEnd({ rate: 480, verdict: 'visitors' })),
  'site: digest': () => many([anomaly(), anomalyEnd()]),
  'swarm: held': () => one(lane()),
  'swarm: alert only': () => one(lane({ enforced: false })),
  'swarm: nginx does not have it': () => one(lane({ failure: 'nginx does not include it' })),
  'swarm: over': () => one(laneEnd),
  'lane: opened by a person': () => one(laneOrder()),
  'lane: nginx does not have it': () => one(laneOrder({ failure: 'nginx does not include it' })),
  'lane: kept': () => one(laneOrder({ phase: 'keep', detail: 'until 2026-11-21T10:11:12.000Z' })),
  'lane: ended by a person': () => one(laneOrder({ phase: 'end' })),
  'lane: nginx goes on with it': () => one(laneOrder({ phase: 'end', failure: 'nginx does not answer' })),
  'lane: its time is up': () => one(laneOrder({ phase: 'end', operator: null, detail: '' })),
  'lanes: digest': () => many([laneOrder(), laneOrder({ phase: 'end', operator: null, detail: '' })]),
  'swarms: digest': () => many([lane(), laneEnd]),
  'fuse: tripped': () => one(fuse),
  'fuse: reset': () =>
    one({
      kind: 'fuse',
      event: {
        ...{ event: 'fuse', phase: 'reset', time: '2026-11-20T10:21:12Z', reason: 'max_per_minute' },
        detail: 'banning resumed; by ann: looked at it',
      },
    }),
  'panic: begins': () => one({ ...panic, phase: 'start' }),
  'panic: begins in observe mode': () => one({ ...panic, phase: 'start', lifted: 0, wouldBe: 5 }),
  'panic: with would-be bans': () => one({ ...panic, phase: 'start', lifted: 1, wouldBe: 5 }),
  'panic: of a fleet': () => one({ ...panic, phase: 'start', fleet: 'shop' }),
  'panic: ends': () => one({ ...panic, phase: 'end', reason: '', lifted: 0 }),
  'trouble: begins': () => one(trouble),
  'trouble: ends': () => one({ ...trouble, phase: 'end', time: '2026-11-20T10:21:12Z' } as Notification),
  'trouble: digest': () => many([trouble, { ...trouble, phase: 'end' } as Notification]),
  test: () => one({ kind: 'test', time: TIME }),
};
