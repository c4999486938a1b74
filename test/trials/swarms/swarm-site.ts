/** Simulated sites that are known well enough to tell a swarm, and what zban stops when a play is added to one. */
import type { EngineEvent } from '../../../src/model/told-event.ts';
import type { AccessEvent } from '../../../src/simulate/access-event.ts';
import { Random } from '../../../src/simulate/random.ts';
import { simulate } from '../../../src/simulate/simulate.ts';
import type { Asset, SiteKind } from '../../../src/simulate/site.ts';
import { hashText } from '../../../src/traffic/hash.ts';
import type { Parcel } from '../../../src/traffic/merge.ts';
import { line } from '../background.ts';
import { Bench } from '../bench.ts';
import { Script } from '../script.ts';
import { describeSite, type TrialSite } from '../site.ts';
import type { Sent } from '../trial.ts';
import { Stops } from './stops.ts';

/** Honest requests a second, as many by night as by day. */
const RATE_RPS = 1;
/** How long the site is known when the play begins, and how long its honest traffic goes on. */
const [BEFORE_S, AFTER_S] = [4 * 3600, 2 * 3600];
/** Monday, 9:00 UTC. */
const START_MS = Date.UTC(2026, 0, 5, 9);
/** A swarm has to be stopped after so long; honest traffic counts for so long after its end. */
const [SETTLED_S, AFTERMATH_S] = [60, 1200];
/** Of a quiet site's clients one of so many comes: zban keeps each of its lines. */
const QUIET_PART = 16;

/** A swarm, or an honest crowd that looks like one. */
export interface Play {
  readonly name: string;
  readonly needsFiles?: boolean;
  readonly write: (script: Script) => void;
}

export interface Outcome {
  /** Of the swarm's requests after its first minute, and of the honest ones from its start on; 0–1. */
  readonly stopped: number;
  readonly honestStopped: number;
  /** Lanes opened and clients or networks banned, of which nothing is known without the play. */
  readonly acts: readonly string[];
}

interface Labelled {
  readonly event: AccessEvent;
  readonly attack: boolean;
}

export class SwarmSite {
  readonly name: SiteKind;
  readonly site: TrialSite;
  private readonly before: Parcel;
  private readonly after: readonly Labelled[];
  /** Done without any play. */
  private readonly known: ReadonlySet<string>;
  private readonly forkS = START_MS / 1000 + BEFORE_S;

  /** `isQuiet`: few come, so that what one or two read is known of each page. */
  constructor(name: SiteKind, seed: number, isQuiet = false) {
    this.name = name;
    const durationMs = 1000 * (BEFORE_S + AFTER_S);
    const plan = { site: name, seed, startMs: START_MS, durationMs, rateRps: RATE_RPS, steady: true, attacks: [] };
    const comes = ({ from }: AccessEvent) => !isQuiet || hashText(from.client) % QUIET_PART === 0;
    const events = [...simulate(plan)].filter(comes);
    const { before = [], after = [] } = Object.groupBy(events, ({ timeMs }) =>
      timeMs < 1000 * this.forkS ? 'before' : 'after',
    );
    const site = describeSite(name, seed, after, AFTER_S);
    this.site = isQuiet ? { ...site, rarePages: archiveOf(before) } : site;
    this.before = new Bench().parse(0, before.map(line));
    this.after = after.map((event) => ({ event, attack: false }));
    this.known = new Set(new Stops(this.run(this.after)).acts);
  }

  play({ name, write }: Play, seed: number): Outcome {
    const script = new Script(this.site, new Random(seed, `${name} ${this.name}`));
    write(script);
    const own = script.requests.map((sent) => this.label(sent)).sort((a, b) => a.event.timeMs - b.event.timeMs);
    const [startMs, endMs] = [own[0]?.event.timeMs ?? 0, own.at(-1)?.event.timeMs ?? 0];
    const rest = this.after.filter(({ event }) => event.timeMs < endMs + 1000 * AFTERMATH_S);
    const stops = new Stops(this.run(rest, own));
    const share = (some: readonly Labelled[]) =>
      some.filter(({ event }) => stops.isStopped(event)).length / Math.max(1, some.length);
    return {
      stopped: share(own.filter(({ attack, event }) => attack && event.timeMs >= startMs + 1000 * SETTLED_S)),
      honestStopped: share([...rest, ...own].filter(({ attack, event }) => !attack && event.timeMs >= startMs)),
      acts: stops.acts.filter((act) => !this.known.has(act)),
    };
  }

  private run(...logs: readonly (readonly Labelled[])[]): readonly EngineEvent[] {
    const events: EngineEvent[] = [];
    const bench = new Bench({ action: 'hold' }, (event) => events.push(event));
    bench.run([this.before]);
    bench.run(
      logs.map((log, source) =>
        bench.parse(
          source,
          log.map(({ event }) => line(event)),
        ),
      ),
    );
    return events;
  }

  private label({ atS, ip, agent, method = 'GET', path, status = 200, bytes = 1000, ...rest }: Sent): Labelled {
    const { referer = '', attack = false } = rest;
    const from = { ip, client: ip, userAgent: agent, host: this.site.host, role: 'visitor' as const };
    const timeMs = Math.round(1000 * (this.forkS + atS));
    return { event: { timeMs, from, method, path, status, responseBytes: bytes, requestMs: 20, referer }, attack };
  }
}

/** Pages that one or two visitors read. */
function archiveOf(events: readonly AccessEvent[]): readonly Asset[] {
  const pages = events.filter(
    ({ from, path, method, status }) =>
      from.role === 'visitor' && method === 'GET' && status === 200 && !/[.?]/.test(path),
  );
  return [...Map.groupBy(pages, ({ path }) => path)].flatMap(([path, asked]) =>
    new Set(asked.map(({ from }) => from.client)).size > 2 ? [] : [{ path, bytes: 24_000 }],
  );
}
