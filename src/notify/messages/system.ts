/** What concerns zban itself: fuse, panic, trouble, test. */

import { countBans } from '../../english/number.ts';
import type { NotificationOf } from '../../model/notification.ts';
import { type Content, noted } from '../message.ts';

export function fuseContent({ event, after }: NotificationOf<'fuse'>): Content {
  const { phase, detail, until } = event;
  if (phase === 'reset')
    return {
      icon: '✅',
      headline: ': the fuse is reset: every client can be banned again',
      details: [`${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`],
      incident: { key: 'fuse', phase: 'close', level: 'critical' },
    };
  return {
    icon: '🚨',
    headline: `: the fuse tripped${until === undefined ? '' : ` until ${until.slice(11, 16)} UTC`}: ${detail}`,
    details: [
      'Too many clients that the site has served well would have been banned, so zban spares those; in the profile classic, everybody.',
      'Detection goes on, bans in force stay.',
    ],
    facts: noted(after),
    commands: [
      ['Look', 'zban status'],
      ['End it now', 'zban fuse reset'],
    ],
    incident: { key: 'fuse', phase: 'open', level: 'critical' },
  };
}

export function panicContent(notification: NotificationOf<'panic'>): Content {
  const { phase, operator, reason, lifted, wouldBe = 0, fleet, after } = notification;
  const where = fleet === undefined ? 'on this host' : `in the fleet ${fleet}`;
  const others = fleet === undefined ? [] : [`So it is on every host of the fleet that takes this one's decisions.`];
  const why = reason === '' ? '' : `: ${reason}`;
  if (phase === 'end')
    return {
      icon: '✅',
      headline: `: ${operator} ended the panic ${where}${why}`,
      details: ['The configuration decides again whether zban bans.', ...others],
      incident: { key: 'panic', phase: 'close', level: 'critical' },
    };
  return {
    icon: '🚨',
    headline: `: ${operator} stopped all banning ${where}${why}`,
    details: [
      `${countBans(lifted, wouldBe)} ${lifted + wouldBe === 1 ? 'was' : 'were'} lifted, and nobody is banned until the panic is ended.`,
      ...others,
    ],
    facts: noted(after),
    commands: [['End it', 'zban panic --end']],
    incident: { key: 'panic', phase: 'open', level: 'critical' },
  };
}

export function troubleContent({ what, fix, phase = 'begin', key, after }: NotificationOf<'trouble'>): Content {
  const mark = key === undefined ? undefined : `trouble/${key}`;
  if (phase === 'end')
    return {
      icon: '✅',
      headline: `: trouble resolved: ${what}`,
      incident: mark === undefined ? undefined : { key: mark, phase: 'close', level: 'warning' },
    };
  return {
    icon: '⚠️',
    headline: `: zban reports trouble: ${what}`,
    details: fix === '' ? [] : [`How to fix it: ${fix}`],
    facts: noted(after),
    commands: [['All checks', 'zban doctor']],
    incident: mark === undefined ? undefined : { key: mark, phase: 'open', level: 'warning' },
  };
}

/** How long a test stays open where incidents are kept. */
const TEST_MS = 300_000;

export function testContent({ time }: NotificationOf<'test'>): Content {
  return {
    icon: '✅',
    headline: ': zban can reach this channel',
    details: ['This is a test. Bans, releases, unusual traffic and trouble with zban itself are reported here.'],
    incident: {
      ...{ key: 'test', phase: 'open', level: 'info' },
      until: new Date(Date.parse(time) + TEST_MS).toISOString(),
    },
  };
}
