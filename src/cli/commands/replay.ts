import { formatSeconds } from '../../english/duration.ts';
import { describeMatch } from '../../english/lane.ts';
import { describeBaseline } from '../../english/learned.ts';
import { briefReason, nameClient } from '../../english/reason.ts';
import { describeEnd, describeStart } from '../../english/site-reason.ts';
import { printable } from '../../model/text.ts';
import type { EngineEvent, Evidence } from '../../model/told-event.ts';
import { replay } from '../../replay/replay.ts';
import { ReplayReport } from '../../replay/report.ts';
import { type Context, configOrDefaults } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { REPLAY } from '../definitions/logs.ts';
import { EXIT } from '../exit.ts';
import { readCount } from '../options.ts';
import { ProgressBar } from '../progress-bar.ts';
import { formatReport, UNBANNED_LISTED } from '../report/replay-report.ts';
import { columnsOf } from '../style.ts';
import { foldLine } from '../text.ts';

const CHUNK_BYTES_MAX = 64 * 1_048_576;
const UNBANNED_LISTED_ALL = 100;

/** `zban replay`: the engine over finished logs. One event a line; at the end a summary, or for people a report. */
export async function replayLogs(context: Context, options: Given<typeof REPLAY>): Promise<number> {
  const { output, json } = context;
  const { logs: files, all = false } = options;
  const threads = readCount('threads', options.threads, 1, 256);
  const chunkBytes = readCount('chunk-bytes', options['chunk-bytes'], 1, CHUNK_BYTES_MAX);
  const config = configOrDefaults(context);
  const report = new ReplayReport();
  // One a minute of log time: they would bury the bans.
  const isShown = (event: EngineEvent) => options.baselines || event.event !== 'baseline';
  const bar = new ProgressBar('replay');
  const columns = columnsOf(process.stdout);
  const onEvent = (event: EngineEvent) => {
    if (json || isShown(event)) bar.clear();
    if (json) return output.json(event);
    report.add(event);
    if (isShown(event)) output.say(foldLine(formatEvent(event), columns));
  };
  const { summary, history } = await replay({
    config,
    files,
    ...(threads === undefined ? {} : { threads }),
    ...(chunkBytes === undefined ? {} : { chunkBytes }),
    ...(json ? {} : { historyOf: all ? UNBANNED_LISTED_ALL : UNBANNED_LISTED }),
    onEvent,
    onProgress: ({ share, lines }) => bar.show(share, lines, 'lines'),
  }).finally(() => bar.clear());
  if (json) output.json(summary);
  if (history) output.say(`\n${formatReport({ config, report, history, summary, all })}`);
  return EXIT.done;
}

/** One event as one readable line: log time in UTC, what happened, the numbers. */
export function formatEvent(event: EngineEvent): string {
  return printable(`${event.time}  ${describe(event)}`);
}

function describe(event: EngineEvent): string {
  switch (event.event) {
    case 'ban': {
      const length = formatSeconds(event.duration_seconds);
      return `BAN       ${nameClient(event.ip, event)} for ${length} (tier ${event.tier}): ${describeWhy(event)}`;
    }
    case 'unban':
      return `UNBAN     ${event.ip} (tier ${event.tier}): ${event.reason}`;
    case 'refused':
      return `NOT BAN   ${nameClient(event.ip, event)} (${event.reason}: ${event.detail}): ${describeWhy(event)}`;
    case 'global_anomaly':
      return event.phase === 'start'
        ? `SITE      anomaly starts: ${describeStart(event).join(' | ')}`
        : `SITE      anomaly ends: ${describeEnd(event).join(' | ')}`;
    case 'baseline': {
      const { site, client, error_ratio } = describeBaseline(event);
      return `BASELINE  site ${site}; client ${client}; errors ${error_ratio}`;
    }
    case 'lane':
      return `LANE      ${event.phase}s: ${event.action} what has ${describeMatch(event.match)}`;
    case 'fuse':
      return `FUSE      ${event.phase === 'reset' ? 'reset' : `tripped until ${event.until}`}: ${event.detail}`;
  }
}

function describeWhy(numbers: Evidence): string {
  const refused = numbers.errors > 0 ? ` (${numbers.errors} refused)` : '';
  return `${briefReason(numbers.condition, numbers)}; ${numbers.requests} requests in ${numbers.span_seconds} s${refused}`;
}
