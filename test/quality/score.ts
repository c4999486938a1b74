/** How well bans fit labels: the measure that the results on real logs are given in. */
import type { BanEvent } from '../../src/model/told-event.ts';
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import { PrefixTable } from '../../src/net/prefix-table.ts';
import type { Labels } from '../../src/simulate/labels.ts';

/** Found, out of how many there were. */
export interface Found {
  found: number;
  of: number;
}

export interface Score {
  readonly loud: Found;
  readonly moderate: Found;
  readonly stealth: Found;
  /** Honest clients with 60 requests and more in some minute. */
  busy: number;
  /** One line for each client that was wrongly banned. */
  readonly falseBans: string[];
  /** Loud and moderate attackers. */
  readonly missed: string[];
  readonly caught: { readonly attack: string; readonly tier: string; readonly delayS: number }[];
}

/** After the end of a burst a ban still counts as its ban for so many seconds. */
const AFTER_BURST = 60;

export function emptyScore(): Score {
  const none = (): Found => ({ found: 0, of: 0 });
  return { loud: none(), moderate: none(), stealth: none(), busy: 0, falseBans: [], missed: [], caught: [] };
}

/** What is read of labels. */
export type Marks = Pick<Labels, 'benign_heavy' | 'minor_probers'> & {
  readonly attackers: readonly Omit<Labels['attackers'][number], 'ip' | 'kind' | 'peak_10s' | 'last'>[];
};

/**
 * Adds what the first ban of every client is worth. A ban of a labelled attacker, or of a network with one in it, is right, one of a
 * prober counts neither way, any other is false; so is that of an address which attacker and honest people share, outside the attack.
 */
export function addScore(score: Score, labels: Marks, bans: readonly BanEvent[]): void {
  const first = new Map<string, BanEvent>();
  for (const ban of bans) if (!first.has(ban.ip)) first.set(ban.ip, ban);
  const networks = new PrefixTable(
    [...first.values()].flatMap((ban) =>
      ban.ip.includes('/') ? [{ prefix: parsePrefix(ban.ip) as Prefix, ban }] : [],
    ),
  );
  const banOf = (client: string): BanEvent | undefined =>
    first.get(client) ?? networks.containing(parsePrefix(client) as Prefix)[0]?.ban;
  const secondOf = (ban: BanEvent): number => Date.parse(ban.time) / 1000;
  const innocent = new Map(first);
  for (const prober of labels.minor_probers) innocent.delete(prober);
  for (const attacker of labels.attackers) {
    const ban = banOf(attacker.client);
    const burst = ban && attacker.bursts.find(({ start, end }) => isWithin(secondOf(ban), start, end + AFTER_BURST));
    if (ban && (!attacker.shared || burst)) innocent.delete(ban.ip);
    const { attack, client, errors, peak_60s, requests, tier } = attacker;
    score[tier].of++;
    if (ban && (burst || !attacker.shared)) {
      score[tier].found++;
      const start = (burst ?? attacker.bursts[0])?.start ?? attacker.first;
      score.caught.push({ attack, tier, delayS: Math.max(0, secondOf(ban) - start) });
    } else if (tier !== 'stealth')
      score.missed.push(`${tier} ${attack} ${client}: ${requests} requests, peak ${peak_60s}/min, ${errors} errors`);
  }
  score.busy += labels.benign_heavy.length;
  const heavy = new Map(labels.benign_heavy.map(({ client, why }) => [client, why]));
  for (const [client, ban] of innocent) {
    const { condition, points = 0, points_limit = 0, time, samples } = ban;
    const who = heavy.get(client) ?? samples.at(-1)?.user_agent ?? '';
    score.falseBans.push(`${client} ${time} ${condition} ${points.toFixed(1)} of ${points_limit.toFixed(1)}: ${who}`);
  }
}

function isWithin(second: number, from: number, to: number): boolean {
  // Bans are dated to the second.
  return second >= Math.floor(from) && second <= to;
}

/** The delay that `share` of the loud attackers' bans do not exceed, in seconds. */
export function delayAt(score: Score, share: number): number {
  const loud = score.caught.filter(({ tier }) => tier === 'loud');
  const rising = loud.map(({ delayS }) => delayS).sort((left, right) => left - right);
  return rising[Math.floor(rising.length * share)] ?? Number.NaN;
}
