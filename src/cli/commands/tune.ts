/** `zban tune`: what each sensitivity would have done to this site, and which one suits it. */

import { KNOWN_HOURS } from '../../engine/client-histories.ts';
import { formatSpan } from '../../english/duration.ts';
import { countOf, formatCount, formatNumber } from '../../english/number.ts';
import { isShorterThanDay, type Recommendation, recommend, sweepDays } from '../../replay/recommend.ts';
import { type Sweep, type SweepStep, sweep } from '../../replay/sweep.ts';
import { type Sensitivity, sensitivityFactor } from '../../settings/sensitivity.ts';
import { type Context, configOrDefaults } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { TUNE } from '../definitions/logs.ts';
import { EXIT } from '../exit.ts';
import { readCount } from '../options.ts';
import { ProgressBar } from '../progress-bar.ts';
import { minute } from '../report/banned.ts';
import { COLUMNS, NO_LINES, section } from '../report/section.ts';
import type { Column } from '../table.ts';
import { wrapText } from '../text.ts';

/** Replays the logs once for each step: as long as seven times `zban replay`. */
export async function tune(context: Context, options: Given<typeof TUNE>): Promise<number> {
  const { output, json } = context;
  const threads = readCount('threads', options.threads, 1, 256);
  const config = configOrDefaults(context);
  const { sensitivity: inForce } = config;
  const bar = new ProgressBar('tune');
  const result = await sweep({
    config,
    files: options.logs,
    ...(threads === undefined ? {} : { threads }),
    onProgress: ({ share, lines }) => bar.show(share, lines, 'lines'),
    onStep: ({ sensitivity }, seconds, done, all) => {
      bar.clear();
      const left = done === all ? '' : `, about ${formatSpan(seconds * (all - done) * 1000)} to go`;
      output.talk(`replay ${done} of ${all}, sensitivity ${sensitivity}: ${formatSpan(seconds * 1000)}${left}`);
    },
  }).finally(() => bar.clear());
  const advice = recommend(result, inForce);
  if (json) output.json(tuneJson(result, inForce, advice));
  else output.data(formatTune(result, inForce, advice));
  return EXIT.done;
}

function tuneJson(result: Sweep, inForce: Sensitivity, advice: Recommendation | undefined) {
  const days = sweepDays(result);
  return {
    first: result.first,
    last: result.last,
    days: days ?? 0,
    lines: result.lines,
    skipped: result.skipped,
    clients: result.clients,
    known_clients: result.knownClients,
    settings: result.steps.map((step) => ({
      sensitivity: step.sensitivity,
      factor: step.factor,
      in_force: isInForce(step, inForce),
      bans: step.bans,
      bans_per_day: days === undefined ? 0 : step.bans / days,
      clients_banned: step.clients,
      known_clients_banned: step.knownClients,
      reaction_fastest_seconds: step.fastestSeconds,
      reaction_median_seconds: step.medianSeconds,
      fuse_trips: step.fuses,
    })),
    recommendation: advice ? { ...advice, config: configLine(advice.sensitivity) } : null,
  };
}

const isInForce = (step: SweepStep, inForce: Sensitivity): boolean => step.factor === sensitivityFactor(inForce);

const configLine = (sensitivity: Sensitivity): string => `sensitivity: ${sensitivity}`;

function formatTune(result: Sweep, inForce: Sensitivity, advice: Recommendation | undefined): string {
  const days = sweepDays(result);
  const { first, last } = result;
  if (first === null || last === null || days === undefined || !advice) return NO_LINES;
  const span = formatSpan(Date.parse(last) - Date.parse(first));
  const read = `${countOf(result.lines, 'line')} of ${countOf(result.clients, 'client')}`;
  const known = `${formatCount(result.knownClients)} clients are known: most of their requests were answered in ${KNOWN_HOURS} or more different hours.`;
  const parts = [
    `${minute(first)} to ${minute(last)} UTC (${span}): ${read}\n${known}`,
    describeSteps(result, inForce, days),
    ...advice.doubts.map((doubt) => wrapText(doubt, COLUMNS)),
    describeAdvice(advice, inForce),
  ];
  return parts.join('\n\n');
}

function describeSteps({ steps }: Sweep, inForce: Sensitivity, days: number): string {
  const seconds = (value: number | null) => (value === null ? '–' : formatSpan(value * 1000));
  const table: readonly Column<SweepStep>[] = [
    { heading: 'SENSITIVITY', cell: ({ sensitivity }) => String(sensitivity) },
    { heading: 'LIMITS', cell: ({ factor }) => `x ${formatNumber(1 / factor)}`, right: true },
    { heading: 'BANS', cell: ({ bans }) => formatCount(bans), right: true },
    {
      heading: 'A DAY',
      cell: ({ bans }) => (isShorterThanDay(days) ? '–' : formatNumber(bans / days, 1)),
      right: true,
    },
    { heading: 'CLIENTS', cell: ({ clients }) => formatCount(clients), right: true },
    { heading: 'KNOWN', cell: ({ knownClients }) => formatCount(knownClients), right: true },
    { heading: 'FASTEST', cell: ({ fastestSeconds }) => seconds(fastestSeconds), right: true },
    { heading: 'MEDIAN', cell: ({ medianSeconds }) => seconds(medianSeconds), right: true },
    { heading: '', cell: (step) => (isInForce(step, inForce) ? '<- in force' : '') },
  ];
  const heading = 'CLIENTS would have been banned, of them KNOWN before; FASTEST, MEDIAN: after a visit began.';
  return section(heading, table, steps);
}

function describeAdvice({ sensitivity, reason }: Recommendation, inForce: Sensitivity): string {
  const same = sensitivityFactor(sensitivity) === sensitivityFactor(inForce);
  const what = `Recommended: ${sensitivity}${same ? ', which is in force' : ''}. ${reason}`;
  const how = same
    ? 'This is in config.yaml, or its default:'
    : 'Put this into config.yaml, then zban check and systemctl reload zban:';
  return `${wrapText(what, COLUMNS)}\n\n${how}\n\n${configLine(sensitivity)}`;
}
