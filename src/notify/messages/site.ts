/** Anomalies of the whole site. */

import { spellDuration } from '../../english/duration.ts';
import { formatCount, formatLevel, formatNumber } from '../../english/number.ts';
import { briefReason, phraseOf } from '../../english/reason.ts';
import { isNewNormal, listExcess, looked, peakOf, usualOf } from '../../english/site-reason.ts';
import { looks } from '../../english/surge.ts';
import type { GlobalAnomalyEnd, GlobalAnomalyEvent, GlobalAnomalyStart } from '../../model/told-event.ts';
import type { Content, IncidentMark } from '../message.ts';

const EXCESS_MAX = 3;

const ICONS = { attack: '🚨', unclear: '❓', visitors: '📈' } as const;
const LEVELS = { attack: 'critical', unclear: 'warning', visitors: 'info' } as const;

const markOf = ({ since, verdict, phase }: GlobalAnomalyEvent): IncidentMark => ({
  key: `site/${since}`,
  phase: phase === 'start' ? 'open' : 'close',
  level: LEVELS[verdict] ?? 'warning',
});

/** `after` is what an operator noted shortly before. */
export function siteStartContent(event: GlobalAnomalyStart, after: string | undefined): Content {
  const { verdict } = event;
  const isClear = verdict === 'attack' || verdict === 'visitors';
  const name = isClear ? looks(verdict) : 'unusual traffic, visitors or an attack';
  const lines = excessLines(event);
  const note = after === undefined ? '' : `, ${after}`;
  return {
    icon: ICONS[verdict] ?? ICONS.unclear,
    headline: `: ${name}: ${spell(peakOf(event))}, normal is ${spell(usualOf(event))}${note}`,
    details: [
      `${capital(event.detail)}.`,
      event.verdict === 'visitors'
        ? 'This alert bans nobody: visitors are no reason for a ban, however many they are.'
        : 'This alert bans nobody.',
    ],
    facts: [
      ['Condition', `${phraseOf(event.condition)} (${briefReason(event.condition, event)})`],
      ...ratesOf(event),
      ['Began', event.since ?? event.time],
    ],
    lines: lines.length === 0 ? undefined : { title: 'More than usual', lines },
    commands:
      event.verdict === 'visitors'
        ? [['Look', 'zban top']]
        : [
            ['Look', 'zban top'],
            ['Ban a client or a network', 'zban ban ADDRESS'],
          ],
    incident: markOf(event),
  };
}

export function siteEndContent(event: GlobalAnomalyEnd): Content {
  const lasted = spellDuration(event.duration_seconds * 1000);
  const from = event.since === undefined ? '' : ` from ${event.since}`;
  return {
    icon: '✅',
    headline: `: ${describeEnd(event, lasted)}`,
    details: [`It ${looked(event)}.`],
    facts: [
      ['Lasted', `${lasted}${from}`],
      ...ratesOf(event),
      ['Requests above normal', formatCount(event.extra_requests)],
      ['Clients banned meanwhile', formatCount(event.bans)],
      ['Now', `${formatNumber(event.rate)}/s`],
    ],
    incident: markOf(event),
  };
}

function describeEnd(event: GlobalAnomalyEnd, lasted: string): string {
  const [peak, normal] = [`peak ${spell(peakOf(event))}`, `normal is ${spell(usualOf(event))}`];
  if (isNewNormal(event)) return `traffic stays high and counts as normal now, ${peak}`;
  const end = event.silent ? 'the access log fell silent' : 'traffic is back to normal';
  return `${end} after ${lasted}, ${peak}, ${normal}`;
}

/** `85.00/s` in a sentence. */
const spell = (level: string): string => level.replace(/\/s$/, ' requests/s');

/** The rate where it says something: a flood of static files leaves it as it is. */
function ratesOf(event: GlobalAnomalyEvent): [string, string][] {
  if (!(event.peak_rate > event.mean)) return [];
  return [['Requests', `peak ${formatNumber(event.peak_rate)}/s, normal ${formatLevel(event)}`]];
}

/** `path      99 %  (usually 3 %)   /search`: what a surge has more of than ordinary traffic. */
const excessLines = (event: GlobalAnomalyStart): string[] =>
  listExcess(event, EXCESS_MAX).map(
    ({ kind, name, share, usual }) =>
      `${kind.padEnd(7)}  ${share.padStart(5)}  ${(usual && `(${usual})`).padEnd(15)}  ${name.slice(0, 100)}`,
  );

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
