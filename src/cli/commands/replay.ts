import { formatDuration } from '../../config/duration.ts';
import type { EngineEvent, Evidence } from '../../core/event.ts';
import { formatNumber } from '../../core/reason.ts';
import { type ReplaySummary, replay } from '../../replay/replay.ts';
import { type Context, configOrDefaults } from '../context.ts';
import { EXIT } from '../exit.ts';
import { readCount } from '../options.ts';
import { formatPairs } from '../table.ts';
import { formatShare, printable } from '../text.ts';

const CHUNK_BYTES_MAX = 64 * 1_048_576;

export interface ReplayCommandOptions {
  readonly logs: readonly string[];
  readonly threads?: string | undefined;
  readonly chunkBytes?: string | undefined;
  readonly baselines?: boolean | undefined;
}

/** `zban replay`: the engine over finished logs; one event a line, a summary last. */
export async function replayLogs(context: Context, options: ReplayCommandOptions): Promise<number> {
  const { output, json } = context;
  const threads = readCount('threads', options.threads, 1, 256);
  const chunkBytes = readCount('chunk-bytes', options.chunkBytes, 1, CHUNK_BYTES_MAX);
  // One a minute of log time: they would bury the bans.
  const isShown = (event: EngineEvent) => options.baselines || event.event !== 'baseline';
  const print = (event: EngineEvent) => {
    if (json) output.json(event);
    else if (isShown(event)) output.data(formatEvent(event));
  };
  const summary = await replay({
    config: configOrDefaults(context),
    files: options.logs,
    ...(threads === undefined ? {} : { threads }),
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
    onEvent: print,
  });
  if (json) output.json(summary);
  else output.data(`\n${formatSummary(summary)}`);
  return EXIT.done;
}

/** One event as one readable line: log time in UTC, what happened, the numbers. */
export function formatEvent(event: EngineEvent): string {
  return printable(`${event.time}  ${describe(event)}`);
}

function describe(event: EngineEvent): string {
  switch (event.event) {
    case 'ban': {
      const length = formatDuration(event.duration_seconds === null ? null : event.duration_seconds * 1000);
      return `BAN       ${event.ip} for ${length} (tier ${event.tier}): ${formatEvidence(event)}`;
    }
    case 'unban':
      return `UNBAN     ${event.ip} (tier ${event.tier}): ${event.reason}`;
    case 'refused':
      return `NOT BAN   ${event.ip} (${event.reason}: ${event.detail}): ${formatEvidence(event)}`;
    case 'global_anomaly': {
      const numbers = `${event.condition} ${formatNumber(event.rate)}/s against ${formatNumber(event.mean)} ± ${formatNumber(event.stddev)}/s`;
      return `SITE      anomaly ${event.phase === 'start' ? 'starts' : 'ends'}: ${numbers}`;
    }
    case 'baseline': {
      const { site, client } = event;
      const level = (mean: number, stddev: number) => `${formatNumber(mean)} ± ${formatNumber(stddev)}/s`;
      const errors = `errors ${formatShare(event.error_ratio)}`;
      return `BASELINE  site ${level(site.mean, site.stddev)}, client ${level(client.mean, client.stddev)}, ${errors}`;
    }
    case 'fuse':
      return `FUSE      ${event.phase}: ${event.reason}, ${event.detail}`;
  }
}

/** The numbers behind a judgement in one line. */
export function formatEvidence(numbers: Evidence): string {
  const normal = `${formatNumber(numbers.mean)} ± ${formatNumber(numbers.stddev)}/s`;
  const times = `z ${formatNumber(numbers.z, 1)}, ${formatNumber(numbers.multiple, 1)}x`;
  const errors = numbers.errors > 0 ? `, ${numbers.errors} errors` : '';
  return `${numbers.condition} ${formatNumber(numbers.rate)}/s against ${normal}, ${times}, ${numbers.requests} requests${errors}`;
}

function formatSummary(summary: ReplaySummary): string {
  const counts = (record: Readonly<Record<string, number>>) => {
    const some = Object.entries(record).filter(([, count]) => count > 0);
    return some.length === 0 ? '' : ` (${some.map(([name, count]) => `${name} ${count}`).join(', ')})`;
  };
  return formatPairs([
    ['lines', String(summary.lines)],
    ['skipped', `${summary.skipped}${counts(summary.skipped_by_reason)}`],
    ['clients', String(summary.clients)],
    ['bans', String(summary.bans)],
    ['seconds', formatNumber(summary.seconds)],
    ['lines a second', String(summary.lines_per_second)],
  ]);
}
