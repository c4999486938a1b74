/** Runs one trial against one background and says what came of it. */
import type { BanEvent } from '../../src/model/told-event.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import { PrefixTable } from '../../src/net/prefix-table.ts';
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import { Random } from '../../src/simulate/random.ts';
import { type Background, between, line } from './background.ts';
import { findBans, type HandWritten } from './hand-written.ts';
import type { Play, Sent, Trial } from './trial.ts';

export interface Result {
  readonly trial: Trial;
  readonly site: string;
  readonly ok: boolean;
  /** Attack requests that got through, and how many might have. */
  readonly through: number;
  readonly budget: number;
  /** From the first attack request to the last that got through. */
  readonly seconds: number;
  /** Honest clients, or networks with honest clients in them, that were banned. */
  readonly falseBans: readonly string[];
  readonly conditions: readonly string[];
}

/** Decisions that follow the last request still count. */
const AFTERMATH_S = 120;
/** So much is judged before anybody asks whether an attack is over. */
const STEP_S = 60;

interface Ban {
  readonly prefix: Prefix;
  readonly second: number;
  readonly condition: string;
}

/** By zban, or by a rule written by hand. */
export function judge(trial: Trial, background: Background, seed: number, rule?: HandWritten): Result {
  const play = trial.play(background.site, new Random(seed, `${trial.name} ${background.name}`));
  const bans = rule ? runByHand(rule, background, play) : run(trial, background, play);
  const { through, seconds } = countThrough(play.requests, bans, background.forkS);
  // Anyone who helps an attacker is none of the innocent.
  const { hostile = [], honest = [] } = Object.groupBy(play.requests, ({ attack }) =>
    attack || trial.level === 'attack' ? 'hostile' : 'honest',
  );
  const [culprits, innocents] = [hostile, honest].map((requests) => new PrefixTable(prefixesOf(requests)));
  const wrong = bans.filter(({ prefix }) => !culprits?.findOverlap(prefix) || innocents?.findOverlap(prefix));
  const budget = play.budget ?? 0;
  return {
    trial,
    site: background.name,
    ok: wrong.length === 0 && (trial.level !== 'attack' || through <= budget),
    through,
    budget,
    seconds,
    falseBans: [...new Set(wrong.map(({ prefix }) => formatPrefix(prefix)))],
    conditions: [...new Set((trial.level === 'attack' ? bans : wrong).map(({ condition }) => condition))],
  };
}

function prefixesOf(requests: readonly Sent[]): { prefix: Prefix }[] {
  return [...new Set(requests.map(({ ip }) => ip))].map((ip) => ({ prefix: prefixOf(ip) }));
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (!prefix) throw new TypeError(`no address: ${text}`);
  return prefix;
}

function readBan({ ip, time, condition }: BanEvent): Ban {
  return { prefix: prefixOf(ip), second: Date.parse(time) / 1000, condition };
}

/**
 * What is banned of the background anyway is blamed on no trial. An attack is over when all who would go on with it are banned:
 * they are heard out for as long as decisions count, and stay away then.
 */
function run({ level }: Trial, background: Background, { requests, change }: Play): Ban[] {
  const bench = background.fork();
  const own = [...requests].sort((left, right) => left.atS - right.atS);
  if ((own[0]?.atS ?? 0) < 0) throw new Error('a trial begins before its fork');
  const { forkS, known } = background;
  let endS = Math.max(own.at(-1)?.atS ?? 0, change?.toS ?? 0) + AFTERMATH_S;
  const rest = change ? bench.parse(0, changed(background, change, endS).map(line)) : background.rest;
  let mayEnd = level === 'attack' && !change;
  for (let [fromS, next] = [0, 0]; fromS < endS; fromS += STEP_S) {
    const toS = Math.min(fromS + STEP_S, endS);
    const first = next;
    while (next < own.length && Math.round((own[next] as Sent).atS * 1000) < toS * 1000) next++;
    const lines = own.slice(first, next).map((sent) => line(eventOf(sent, background)));
    bench.run([between(rest, forkS + fromS, forkS + toS), bench.parse(1, lines)]);
    if (!mayEnd || !areBanned(own.slice(next), bench.bans)) continue;
    mayEnd = false;
    endS = Math.min(endS, toS + AFTERMATH_S);
  }
  return bench.bans.filter(({ ip }) => !known.has(ip)).map(readBan);
}

function areBanned(requests: readonly Sent[], bans: readonly BanEvent[]): boolean {
  const table = new PrefixTable(bans.map(({ ip }) => ({ prefix: prefixOf(ip) })));
  return requests.every(({ ip }) => table.containing(prefixOf(ip)).length > 0);
}

/** Such a rule looks at one client at a time: of the background only what the trial changes matters. */
function runByHand(rule: HandWritten, background: Background, { requests, change }: Play): Ban[] {
  const own = requests.map((sent) => eventOf(sent, background));
  const rest = change ? changed(background, change, change.toS + AFTERMATH_S) : [];
  const known = new Set(findBans(rule, change ? background.after : []).map(({ ip }) => ip));
  return findBans(
    rule,
    [...own, ...rest].sort((left, right) => left.timeMs - right.timeMs),
  )
    .filter(({ ip }) => !known.has(ip))
    .map(({ ip, second }) => ({ prefix: prefixOf(ip), second, condition: rule.name }));
}

function eventOf(sent: Sent, { forkS, site }: Background): AccessEvent {
  const { atS, ip, agent, method = 'GET', path, status = 200, bytes = 1000, referer = '' } = sent;
  const from = { ip, client: ip, userAgent: agent, host: site.host, role: 'visitor' as const };
  const timeMs = Math.round((forkS + atS) * 1000);
  return { timeMs, from, method, path, status, responseBytes: bytes, requestMs: 20, referer };
}

function changed({ after, forkS }: Background, change: NonNullable<Play['change']>, endS: number): AccessEvent[] {
  const at = (seconds: number): number => (forkS + seconds) * 1000;
  return after
    .filter(({ timeMs }) => timeMs < at(endS))
    .flatMap((event) => {
      const isWithin = event.timeMs >= at(change.fromS) && event.timeMs < at(change.toS);
      return (isWithin ? change.by(event) : undefined) ?? event;
    })
    .sort((left, right) => left.timeMs - right.timeMs);
}

/**
 * Attack requests that no ban stops. Bans are timed in seconds: all requests of the ban's second count as through. Anyone who
 * was banned once stays away: what it does when the ban is over is another trial.
 */
function countThrough(
  requests: readonly Sent[],
  bans: readonly Ban[],
  forkS: number,
): Pick<Result, 'through' | 'seconds'> {
  const table = new PrefixTable(bans);
  const bannedAt = new Map<string, number>();
  let [through, first, last] = [0, Number.POSITIVE_INFINITY, 0];
  for (const { attack, atS, ip } of requests) {
    if (!attack) continue;
    let second = bannedAt.get(ip);
    if (second === undefined) {
      // An IPv6 client is its network, which contains the address as well.
      second = Math.min(...table.containing(prefixOf(ip)).map((ban) => ban.second), Number.POSITIVE_INFINITY);
      bannedAt.set(ip, second);
    }
    first = Math.min(first, atS);
    if (Math.floor(forkS + atS) > second) continue;
    through++;
    last = Math.max(last, atS);
  }
  return { through, seconds: through === 0 ? 0 : last - first };
}
