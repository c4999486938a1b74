/** A burst of notifications of one kind as a single Slack message. Pure. */

import type { Notification } from '../model/notification.ts';
import { codeBlock } from './markup.ts';
import { message, source } from './message.ts';
import { type SlackPayload, section } from './payload.ts';
import { describeCondition, summaryLine } from './words.ts';

/** Entries a digest lists in full; the others are only counted. */
const ENTRIES_MAX = 10;

/**
 * The message for several notifications of one kind, oldest first: how many, by what condition, the heaviest (bans) or
 * newest (everything else), and the command that shows the rest. `notifications` is not empty.
 */
export function formatDigest(notifications: readonly Notification[], hostName: string): SlackPayload {
  const newest = notifications.at(-1);
  if (newest === undefined) throw new Error('a digest of nothing');
  const bans = notifications.filter((notification) => notification.kind === 'ban');
  const listed =
    bans.length > 0
      ? bans.toSorted((a, b) => b.event.rate - a.event.rate).slice(0, ENTRIES_MAX)
      : notifications.slice(-ENTRIES_MAX);
  const lines = listed.map(summaryLine);
  if (notifications.length > lines.length) lines.push(`… ${notifications.length - lines.length} more`);
  return message(`${headline(newest.kind, notifications)} on ${hostName}`, [
    ...(bans.length > 0 ? [section(countConditions(bans.map((ban) => ban.event.condition)))] : []),
    section(codeBlock(lines)),
    section(HINTS[newest.kind]),
    source(hostName, newest.kind === 'test' ? newest.time : newestTime(newest)),
  ]);
}

const HINTS: Readonly<Record<Notification['kind'], string>> = {
  ban: 'All of them: `zban list`. Undo: `zban unban ADDRESS`',
  unban: 'What happened when: `zban audit`',
  many: 'Who is banned now: `zban list`',
  panic: 'How it stands now: `zban status`',
  global_anomaly: 'These alerts ban nobody. What stands out now: `zban top`',
  fuse: 'Look with `zban status` and `zban list`',
  trouble: 'How it stands now: `zban status`, what to do: `zban doctor`',
  test: 'Nothing to do',
};

function headline(kind: Notification['kind'], notifications: readonly Notification[]): string {
  const count = notifications.length;
  switch (kind) {
    case 'ban': {
      const enforced = notifications.filter((notification) => notification.kind === 'ban' && notification.enforced);
      if (enforced.length === count) return `⛔ Banned ${count} clients`;
      if (enforced.length === 0) return `👀 Would ban ${count} clients`;
      return `⛔ Banned ${enforced.length} clients and would have banned ${count - enforced.length}`;
    }
    case 'unban':
      return `🔓 ${count} bans ended`;
    case 'many':
      return `👥 ${count} times many clients were banned or released at once`;
    case 'panic':
      return `🚨 Panic began or ended ${count} times`;
    case 'global_anomaly':
      return `📈 Traffic left and rejoined its baseline, ${count} changes`;
    case 'fuse':
      return `🚨 The fuse changed ${count} times`;
    case 'trouble':
      return `⚠️ ${count} troubles of zban`;
    case 'test':
      return `✅ ${count} tests`;
  }
}

function countConditions(conditions: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const condition of conditions) counts.set(condition, (counts.get(condition) ?? 0) + 1);
  return [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, 10)
    .map(([condition, count]) => `${count} × ${describeCondition(condition)}`)
    .join('\n');
}

function newestTime(notification: Exclude<Notification, { kind: 'test' }>): string {
  return 'event' in notification ? notification.event.time : notification.time;
}
