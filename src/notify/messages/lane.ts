/** Swarms, and the lanes that stop them. */

import { spellDuration } from '../../english/duration.ts';
import { describeBacktest, describeLaneEnd, describeMatch, describeSurplus } from '../../english/lane.ts';
import { formatCount, formatNumber } from '../../english/number.ts';
import type { LaneAction } from '../../model/lane.ts';
import type { NotificationOf } from '../../model/notification.ts';
import { type Content, noted } from '../message.ts';

const VERBS: Readonly<Record<LaneAction, readonly [does: string, would: string]>> = {
  hold: ['holds', 'would hold'],
  deny: ['denies', 'would deny'],
};

export function laneContent({ event, enforced, failure, after }: NotificationOf<'lane'>): Content {
  const { id, action, match } = event;
  const mark = { key: `lane/${id}`, level: 'warning' } as const;
  const look = describeMatch(match);
  if (event.phase === 'end') {
    const lasted = spellDuration(event.duration_seconds * 1000);
    return {
      icon: '✅',
      headline:
        event.clients_touched === undefined && !event.gave_way
          ? `: the swarm is over after ${lasted}: ${look}`
          : ` ended a lane after ${lasted}, because ${describeLaneEnd(event)}: ${look}`,
      facts: [['Requests that matched', formatCount(Math.round(event.requests))]],
      commands: [['History', `zban lanes explain ${id}`]],
      incident: { ...mark, phase: 'close' },
    };
  }
  const stops = enforced && failure === undefined;
  return {
    icon: '🐝',
    headline: ` ${VERBS[action][stops ? 0 : 1]} a swarm: ${look}`,
    details: [
      `The swarm: ${describeSurplus(event)}.`,
      `The proof: it ${describeBacktest(event.backtest)}.`,
      ...(stops
        ? []
        : [
            failure === undefined
              ? 'Nobody is stopped: zban only reports in observe mode, and while swarm.action is alert. After a reload with hold or deny it acts on this swarm, too.'
              : `Nobody is stopped, because nginx does not have it: ${failure}.`,
          ]),
    ],
    facts: [
      ['Matching requests', `${formatNumber(event.rate)}/s, normal ${formatNumber(event.usual_rate, 2)}/s`],
      ...noted(after),
    ],
    commands: [
      ['Why', `zban lanes explain ${id}`],
      ...(stops ? [['Undo', `zban lanes drop ${id}`] as const] : []),
      ...(failure === undefined ? [] : [['Repair', 'zban doctor'] as const]),
    ],
    incident: { ...mark, phase: 'open' },
  };
}

/** What a person did about a lane, or its end by its time. */
export function laneOrderContent(notification: NotificationOf<'lane_order'>): Content {
  const { phase, id, action, match, operator, detail, enforced, failure } = notification;
  const why = detail === '' ? '' : `: ${detail}`;
  const look = describeMatch(match);
  const incident = { key: `lane/${id}`, level: 'warning' } as const;
  if (phase === 'end') {
    const who = operator === null ? `lane ${id} is over, its time is up` : `${operator} ended lane ${id}${why}`;
    return {
      icon: '✅',
      headline: `: ${who}`,
      details: [
        failure === undefined
          ? `It stops nobody any more. It was for ${look}.`
          : `nginx goes on with it until it takes the end over: ${failure}. It is for ${look}.`,
      ],
      commands: [['History', `zban lanes explain ${id}`]],
      incident: { ...incident, phase: 'close' },
    };
  }
  const stops = enforced && failure === undefined;
  const what =
    phase === 'open' ? `opened a lane that ${VERBS[action][stops ? 0 : 1]} ${look}` : `keeps lane ${id} ${detail}`;
  return {
    icon: '🐝',
    headline: `: ${operator ?? 'zban'} ${what}`,
    details: [
      phase === 'open' ? `${detail}.` : `It is for ${look}.`,
      ...(failure === undefined ? [] : [`Nobody is stopped, because nginx does not have it: ${failure}.`]),
      ...(enforced ? [] : ['Nobody is stopped in observe mode.']),
    ],
    commands: [
      ['Why', `zban lanes explain ${id}`],
      ['Undo', `zban lanes drop ${id}`],
    ],
    ...(phase === 'open' && { incident: { ...incident, phase: 'open' } }),
  };
}
