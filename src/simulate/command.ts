import { writeFile } from 'node:fs/promises';
import { type AccessEvent, isAttack } from './access-event.ts';
import { demonstrationPlan, parseAttacks } from './attacks/plan.ts';
import type { LogFormat } from './format.ts';
import { Labeller } from './labels.ts';
import { type Simulation, simulate } from './simulate.ts';
import { writeLive, writeSimulation } from './write.ts';

/** Monday, 5 January 2026, 00:00 UTC: a fixed start, so that a seed alone fixes every byte of the file. */
const START_MS = Date.UTC(2026, 0, 5);
const DAY_MS = 86_400_000;

/** Whatever is left out, or undefined. */
type Given<Options> = { readonly [Name in keyof Options]?: Options[Name] | undefined };

/**
 * What `zban simulate` is asked for. Everything but `out` has a default: `startMs` 2026-01-05 00:00 UTC (live: now), `durationMs` one day
 * (live: without end), `rateRps` 12 (a million lines a day), `seed` 1.
 */
export interface SimulateOptions extends Given<Omit<Simulation, 'attacks'>> {
  /** File to write, gzipped when it ends in `.gz` (not when live); `-` is standard output. */
  readonly out: string;
  /** Default `json`. */
  readonly format?: LogFormat | undefined;
  /** See `parseAttacks`; default `none`, live `all`. */
  readonly attacks?: string | undefined;
  /** File for the labels; none by default. */
  readonly labels?: string | undefined;
  /** Appends to the file in real time, with the wall clock's time in the log. */
  readonly live?: boolean | undefined;
  /** Live: ordinary traffic of so many milliseconds before now is written first; default 0. */
  readonly backlogMs?: number | undefined;
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
  const simulation = planSimulation(options, isLive, backlogMs, now());
  const labeller = labels === undefined ? undefined : new Labeller();
  const watch = (event: AccessEvent): void => labeller?.add(event);
  if (isLive) {
    const { signal = new AbortController().signal } = options;
    say(`writing live traffic to ${out}`);
    const tellAttack = attackNews(say);
    const watchAll = (event: AccessEvent): void => {
      watch(event);
      tellAttack(event);
    };
    const onPresent = () => say('live from now on');
    await writeLive(simulate(simulation), { out, format, now, signal, watch: watchAll, onPresent });
  } else {
    const { bytes, lines } = await writeSimulation(simulate(simulation), out, format, watch);
    say(`wrote ${lines} lines, ${bytes} bytes, to ${out}`);
  }
  if (labels !== undefined && labeller)
    await writeFile(labels, `${JSON.stringify(labeller.labels(describe(simulation)), null, 1)}\n`);
}

/** An attacker that was silent for so long begins anew. */
const QUIET_MS = 120_000;

/** Says when an attack begins: `attack: scanner from 203.0.113.9`. Those of many clients are one. */
function attackNews(say: (message: string) => void): (event: AccessEvent) => void {
  const lastMs = new Map<string, number>();
  return ({ timeMs, from }) => {
    if (!isAttack(from.role)) return;
    const isMany = from.role.startsWith('distributed');
    const attack = isMany ? `${from.role} from many addresses` : `${from.role} from ${from.client}`;
    const before = lastMs.get(attack) ?? Number.NEGATIVE_INFINITY;
    lastMs.set(attack, timeMs);
    if (timeMs - before > QUIET_MS) say(`attack: ${attack}`);
  };
}

function planSimulation(options: SimulateOptions, isLive: boolean, backlogMs: number, nowMs: number): Simulation {
  const { startMs = START_MS, seed = 1, rateRps = 12, speed = 1, steady = false, site = 'shop' } = options;
  const durationMs = positive('duration', options.durationMs ?? (isLive ? Number.POSITIVE_INFINITY : DAY_MS));
  const attacks = parseAttacks(options.attacks ?? (isLive ? 'all' : 'none'), durationMs);
  if (typeof attacks === 'string') throw new SimulateOptionError(attacks);
  return {
    ...{ seed, steady, site, rateRps: positive('rate', rateRps), speed: positive('speed', speed) },
    startMs: isLive ? nowMs - backlogMs : startMs,
    durationMs: durationMs + backlogMs,
    attacks: isLive ? demonstrationPlan(attacks, backlogMs) : attacks,
  };
}

function positive(name: string, value: number): number {
  if (value > 0) return value;
  throw new SimulateOptionError(`${name} must be more than 0, not ${value}`);
}

function describe({ rateRps, seed, attacks }: Simulation): string {
  const kinds = attacks.map(({ kind }) => kind).join(', ') || 'none';
  return `Simulated, seed ${seed}, ${rateRps} honest requests/s, attacks: ${kinds}`;
}
