/** Replays the same logs with one sensitivity after the other, to see what each would have done to this site. */
import type { Config } from '../config/schema.ts';
import { KNOWN_HOURS } from '../engine/client-histories.ts';
import type { HistorySummary } from '../engine/history-summary.ts';
import type { BanEvent } from '../model/told-event.ts';
import { SENSITIVITY_LEVELS, type Sensitivity, sensitivityFactor } from '../settings/sensitivity.ts';
import type { Progress } from './progress.ts';
import { type ReplaySummary, replay } from './replay.ts';

/** Banned clients told apart; beyond them bans are counted only. */
const CLIENTS_MAX = 200_000;
/** Steps between and beyond the levels. */
const BETWEEN = [0.5, 0.8, 1.25, 2];

/** What one sensitivity would have done. */
export interface SweepStep {
  readonly sensitivity: Sensitivity;
  /** What it divides the limits by. */
  readonly factor: number;
  readonly bans: number;
  /** Distinct clients banned, and those of them that were known (KNOWN_HOURS) before their first ban. */
  readonly clients: number;
  readonly knownClients: number;
  /** From the beginning of the visit to its first ban, over the clients banned; null without a ban. */
  readonly fastestSeconds: number | null;
  readonly medianSeconds: number | null;
  /** The fuse would have stopped banning so many times. */
  readonly fuses: number;
}

export interface Sweep {
  /** The least sensitive first. */
  readonly steps: readonly SweepStep[];
  readonly first: string | null;
  readonly last: string | null;
  readonly lines: number;
  readonly skipped: number;
  readonly clients: number;
  /** Clients known by the end of the log, as the least sensitive step saw them. */
  readonly knownClients: number;
}

export interface SweepOptions {
  readonly config: Config;
  readonly files: readonly string[];
  readonly threads?: number;
  /** Of all replays together. */
  readonly onProgress?: (progress: Progress) => void;
  /** A replay is done: `done` of `all`. */
  readonly onStep: (step: SweepStep, seconds: number, done: number, all: number) => void;
}

/** The levels, some steps between and beyond, and the sensitivity in force; the least sensitive first. */
export function sweepSteps(inForce: Sensitivity): Sensitivity[] {
  const levels = Object.keys(SENSITIVITY_LEVELS) as (keyof typeof SENSITIVITY_LEVELS)[];
  const all: Sensitivity[] = [...levels, ...BETWEEN, inForce];
  return all
    .filter((one, index) => all.findIndex((other) => sensitivityFactor(other) === sensitivityFactor(one)) === index)
    .sort((a, b) => sensitivityFactor(a) - sensitivityFactor(b));
}

/** Rejects with SourceError when a file cannot be read. */
export async function sweep({ config, files, threads, onStep, onProgress }: SweepOptions): Promise<Sweep> {
  const all = sweepSteps(config.sensitivity);
  const steps: SweepStep[] = [];
  let log: { readonly summary: ReplaySummary; readonly history: HistorySummary | undefined } | undefined;
  for (const sensitivity of all) {
    const tally = new BanTally();
    const { summary, history } = await replay({
      config: { ...config, sensitivity },
      files,
      ...(threads === undefined ? {} : { threads }),
      historyOf: 1,
      onProgress: ({ lines, share }) =>
        onProgress?.({
          lines: steps.length * (log?.summary.lines ?? 0) + lines,
          share: (steps.length + share) / all.length,
        }),
      onEvent: (event) => {
        if (event.event === 'ban') tally.add(event);
        if (event.event === 'fuse' && event.phase === 'tripped') tally.fuses++;
      },
    });
    log ??= { summary, history };
    steps.push(tally.step(sensitivity));
    onStep(tally.step(sensitivity), summary.seconds, steps.length, all.length);
  }
  return {
    steps,
    first: log?.history?.first ?? null,
    last: log?.history?.last ?? null,
    lines: log?.summary.lines ?? 0,
    skipped: log?.summary.skipped ?? 0,
    clients: log?.summary.clients ?? 0,
    knownClients: log?.history?.knownClients ?? 0,
  };
}

class BanTally {
  fuses = 0;
  private bans = 0;
  private knownClients = 0;
  private readonly clients = new Set<string>();
  private readonly reactionSeconds: number[] = [];

  add({ ip, past }: BanEvent): void {
    this.bans++;
    if (this.clients.has(ip) || this.clients.size >= CLIENTS_MAX) return;
    this.clients.add(ip);
    if (past === undefined) return;
    if (past.hours >= KNOWN_HOURS) this.knownClients++;
    this.reactionSeconds.push(past.visit_seconds);
  }

  step(sensitivity: Sensitivity): SweepStep {
    const reactions = this.reactionSeconds.sort((a, b) => a - b);
    return {
      sensitivity,
      factor: sensitivityFactor(sensitivity),
      bans: this.bans,
      clients: this.clients.size,
      knownClients: this.knownClients,
      fastestSeconds: reactions[0] ?? null,
      medianSeconds: reactions[reactions.length >> 1] ?? null,
      fuses: this.fuses,
    };
  }
}
