import { writeFile } from 'node:fs/promises';
import { type AccessEvent, isAttack } from './access-event.ts';
import { type AttackPlan, demonstrationPlan, parseAttacks } from './attacks/plan.ts';
import type { LogFormat } from './format.ts';
import type { Incident } from './incidents.ts';
import { Labeller } from './labels.ts';
import { writeLive } from './live.ts';
import { type Simulation, simulate } from './simulate.ts';
import type { SiteKind } from './site.ts';
import { writeSimulation } from './write.ts';

/** Monday, 5 January 2026, 00:00 UTC: a fixed start, so that a seed alone fixes every byte of the file. */
const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;

/** What `zban simulate` is asked for. Everything but `out` has a default. */
export interface SimulateOptions {
  /** File to write, gzipped when it ends in `.gz` (not when live); `-` is standard output. */
  readonly out: string;
  /** Default `json`. */
  readonly format?: LogFormat;
  /** Epoch milliseconds of the first moment, default 2026-01-05 00:00 UTC. Not for live, which starts now. */
  readonly startMs?: number;
  /** Default one day, live: without end. */
  readonly durationMs?: number;
  /** Honest requests a second, mean over the day; default 12 (a million lines a day). */
  readonly rateRps?: number;
  /** Default 1. */
  readonly seed?: number;
  /** See `parseAttacks`; default `none`, live `all`. */
  readonly attacks?: string;
  /** Default `shop`. */
  readonly site?: SiteKind;
  /** What befalls the site itself. */
  readonly incidents?: readonly Incident[];
  /** File for the labels; none by default. */
  readonly labels?: string;
  /** Appends to the file in real time, with the wall clock's time in the log. */
  readonly live?: boolean;
  /** Live: ordinary traffic of so many milliseconds before now is written first; default 0. */
  readonly backlogMs?: number;
  /** So many simulated days pass in one, with as many more visits; the log's clock is never faster. Default 1. */
  readonly speed?: number;
  /** One load around the clock. */
  readonly steady?: boolean;
  /** Ends a live simulation. */
  readonly signal?: AbortSignal;
  /** Epoch milliseconds of the wall clock, for live. */
  readonly now?: () => number;
  /** Hears what is happening, a sentence at a time. */
  readonly say?: (message: string) => void;
}

/** An option that makes no sense; the message says which and what would. */
export class SimulateOptionError extends Error {
  override readonly name = 'SimulateOptionError';
}

/**
 * Simulates traffic into a log. Rejects with a SimulateOptionError for options that make no sense, and with the error of
 * node:fs when a file cannot be written.
 */
export async function runSimulate(options: SimulateOptions): Promise<void> {
  const { format = 'json', labels, now = Date.now, out, say = () => {} } = options;
  const isLive = options.live ?? false;
  if (isLive && out.endsWith('.gz')) throw new SimulateOptionError('a live log cannot be gzipped; name a plain file');
  const backlogMs = isLive ? (options.backlogMs ?? 0) : 0;
  const simulation = planSimulation(options, isLive, now() - backlogMs);
  const labeller = labels === undefined ? undefined : new Labeller();
  const watch = (event: Parameters<Labeller['add']>[0]): void => labeller?.add(event);
  if (isLive) {
    const { signal = new AbortController().signal } = options;
    say(`writing live traffic to ${out}`);
    const attacks = new AttackNews(say);
    const watchAll = (event: AccessEvent): void => {
      watch(event);
      attacks.look(event);
    };
    const onPresent = () => say('live from now on');
    await writeLive(simulate(simulation), { out, format, now, signal, watch: watchAll, onPresent });
  } else {
    const { bytes, lines } = await writeSimulation(simulate(simulation), out, format, watch);
    say(`wrote ${lines} lines, ${bytes} bytes, to ${out}`);
  }
  if (labels !== undefined && labeller)
    await writeFile(labels, `${JSON.stringify(describe(simulation, labeller), null, 1)}\n`);
}

/** An attacker that was silent for so long begins anew. */
const QUIET_MS = 120_000;

/** Says when an attack begins: `attack: scanner from 203.0.113.9`. Those of many clients are one. */
class AttackNews {
  private readonly lastMs = new Map<string, number>();
  private readonly say: (message: string) => void;

  constructor(say: (message: string) => void) {
    this.say = say;
  }

  look({ timeMs, from }: AccessEvent): void {
    if (!isAttack(from.role)) return;
    const isMany = from.role.startsWith('distributed');
    const attack = isMany ? `${from.role} from many addresses` : `${from.role} from ${from.client}`;
    const before = this.lastMs.get(attack);
    this.lastMs.set(attack, timeMs);
    if (before === undefined || timeMs - before > QUIET_MS) this.say(`attack: ${attack}`);
  }
}

function planSimulation(options: SimulateOptions, isLive: boolean, liveStartMs: number): Simulation {
  const durationMs = positive('duration', options.durationMs ?? (isLive ? Number.POSITIVE_INFINITY : DAY_MS));
  const attacks = parseAttacks(options.attacks ?? (isLive ? 'all' : 'none'), durationMs);
  if (typeof attacks === 'string') throw new SimulateOptionError(attacks);
  const backlogMs = isLive ? (options.backlogMs ?? 0) : 0;
  return {
    seed: options.seed ?? 1,
    startMs: isLive ? liveStartMs : (options.startMs ?? START_MS),
    durationMs: durationMs + backlogMs,
    rateRps: positive('rate', options.rateRps ?? 12),
    speed: positive('speed', options.speed ?? 1),
    steady: options.steady ?? false,
    attacks: isLive ? demonstrationPlan(attacks, backlogMs) : attacks,
    site: options.site ?? 'shop',
    incidents: options.incidents ?? [],
  };
}

function positive(name: string, value: number): number {
  if (value > 0) return value;
  throw new SimulateOptionError(`${name} must be more than 0, not ${value}`);
}

function describe(simulation: Simulation, labeller: Labeller): ReturnType<Labeller['labels']> {
  const { incidents = [], rateRps, seed, startMs } = simulation;
  const attacks = simulation.attacks.map((plan: AttackPlan) => plan.kind).join(', ') || 'none';
  const spans = incidents.map(({ atMs, durationMs, kind }) => ({
    kind,
    fromMs: startMs + atMs,
    toMs: startMs + atMs + durationMs,
  }));
  return labeller.labels(`Simulated, seed ${seed}, ${rateRps} honest requests/s, attacks: ${attacks}`, spans);
}
