/** A burst of notifications of one kind as a single message. Pure. */

import { countBans, countOf, formatCount } from '../english/number.ts';
import type { Notification, NotificationOf } from '../model/notification.ts';
import { eventsOf, timeOf } from './format.ts';
import { type Content, complete, type Message, type Sender } from './message.ts';
import { severityOf } from './severity.ts';
import { summaryLine } from './summary.ts';

/** Entries a digest lists in full; the others are only counted. */
const ENTRIES_MAX = 10;
const CONDITIONS_MAX = 10;

type Ban = NotificationOf<'ban'>;

/**
 * The message for several notifications of one kind, oldest first: how many, by what condition, the heaviest (bans) or
 * newest (everything else), and the command that shows the rest. `notifications` is not empty.
 */
export function formatDigest(notifications: readonly Notification[], sender: Sender): Message {
  const newest = notifications.at(-1);
  if (newest === undefined) throw new Error('a digest of nothing');
  const { kind } = newest;
  const bans = notifications.filter((notification) => notification.kind === 'ban');
  const listed =
    kind === 'ban'
      ? bans.toSorted((a, b) => b.event.rate - a.event.rate).slice(0, ENTRIES_MAX)
      : notifications.slice(-ENTRIES_MAX);
  const lines = listed.map(summaryLine);
  if (notifications.length > lines.length) lines.push(`… ${formatCount(notifications.length - lines.length)} more`);
  const content = kind === 'ban' ? digestOfBans(bans) : DIGESTS[kind](formatCount(notifications.length), notifications);
  const [severity = severityOf(newest)] = notifications.map(severityOf).toSorted();
  return complete(
    { ...content, lines: { title: kind === 'ban' ? 'The heaviest' : 'The newest', lines } },
    { kind, severity, time: timeOf(newest), events: notifications.flatMap(eventsOf) },
    sender,
  );
}

function digestOfBans(bans: readonly Ban[]): Content {
  const facts = countConditions(bans);
  const causes = facts.map(([condition, times]) => `${times} ${condition}`).join(', ');
  const count = formatCount(bans.length);
  const enforced = bans.filter((ban) => ban.enforced).length;
  // Would-be bans only: there is nothing to undo.
  if (enforced === 0)
    return {
      icon: '👀',
      headline: ` would ban ${count} clients: ${causes}`,
      details: ['Observe mode: nothing is blocked.'],
      facts,
      commands: [['All of them', 'zban list']],
    };
  const clients = countOf(enforced, 'client');
  const others = formatCount(bans.length - enforced);
  return {
    icon: '⛔',
    headline:
      enforced === bans.length
        ? ` banned ${count} clients: ${causes}`
        : ` banned ${clients} and would have banned ${others}: ${causes}`,
    facts,
    commands: [
      ['All of them', 'zban list'],
      ['Undo', 'zban unban ADDRESS'],
    ],
  };
}

type Told<T> = (count: string, notifications: readonly Notification[]) => T;

const digest = (icon: string, label: string, command: string, told: Told<string>): Told<Content> => {
  return (...all) => ({ icon, headline: `: ${told(...all)}`, commands: [[label, command]] });
};

const DIGESTS: Readonly<Record<Exclude<Notification['kind'], 'ban'>, Told<Content>>> = {
  order: digest('👤', 'History', 'zban audit', (count) => `${count} manual bans and changes of the allowlist`),
  unban: digest('🔓', 'History', 'zban audit', (_, all) => `${countEnded(all)} ended`),
  many: digest('👥', 'Who is banned now', 'zban list', (count) => `${count} lists of bans were added or lifted`),
  panic: digest('🚨', 'Now', 'zban status', (count) => `panic began or ended ${count} times`),
  global_anomaly: digest('📈', 'Now', 'zban top', (count) => `${count} changes between normal and unusual traffic`),
  lane: digest('🐝', 'Open lanes', 'zban lanes', (count) => `${count} swarms began or ended`),
  lane_order: digest('🐝', 'Open lanes', 'zban lanes', (count) => `${count} lanes were opened, kept or ended`),
  fuse: digest('🚨', 'Now', 'zban status', (count) => `the fuse changed ${count} times`),
  trouble: digest('⚠️', 'All checks', 'zban doctor', (count) => `${count} reports of trouble with zban itself`),
  test: (count) => ({ icon: '✅', headline: `: ${count} tests` }),
};

function countEnded(ends: readonly Notification[]): string {
  const wouldBe = ends.filter((end) => end.kind === 'unban' && end.enforced === false).length;
  return countBans(ends.length - wouldBe, wouldBe);
}

/** The most frequent ones first. */
function countConditions(bans: readonly Ban[]): [condition: string, times: string][] {
  return [...Map.groupBy(bans, ({ event }) => event.condition)]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, CONDITIONS_MAX)
    .map(([condition, those]) => [condition, formatCount(those.length)]);
}
