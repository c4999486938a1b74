/** A burst of notifications of one kind as a single message. Pure. */
import type { Notification } from '../model/notification.ts';
import { formatCount } from '../words/number.ts';
import { eventsOf, timeOf } from './format.ts';
import { complete, type Message, type Sender } from './message.ts';
import { severityOf } from './severity.ts';
import { summaryLine } from './summary.ts';

/** Entries a digest lists in full; the others are only counted. */
const ENTRIES_MAX = 10;
const CONDITIONS_MAX = 10;

type Kind = Notification['kind'];

/**
 * The message for several notifications of one kind, oldest first: how many, by what condition, the heaviest (bans) or
 * newest (everything else), and the command that shows the rest. `notifications` is not empty.
 */
export function formatDigest(notifications: readonly Notification[], sender: Sender): Message {
  const newest = notifications.at(-1);
  if (newest === undefined) throw new Error('a digest of nothing');
  const bans = notifications.filter((notification) => notification.kind === 'ban');
  const listed =
    bans.length > 0
      ? bans.toSorted((a, b) => b.event.rate - a.event.rate).slice(0, ENTRIES_MAX)
      : notifications.slice(-ENTRIES_MAX);
  const lines = listed.map(summaryLine);
  if (notifications.length > lines.length) lines.push(`… ${formatCount(notifications.length - lines.length)} more`);
  const isObserved = bans.length > 0 && bans.every(({ enforced }) => !enforced);
  const counted = { title: bans.length > 0 ? 'The heaviest' : 'The newest', lines };
  const [severity = severityOf(newest)] = notifications.map(severityOf).toSorted();
  return complete(
    {
      ...(isObserved ? OBSERVED : KINDS[newest.kind]),
      headline: headlineOf(newest.kind, notifications),
      facts: countConditions(bans),
      lines: counted,
    },
    { kind: newest.kind, severity, time: timeOf(newest), events: notifications.flatMap(eventsOf) },
    sender,
  );
}

/** Would-be bans only: there is nothing to undo. */
const OBSERVED = {
  icon: '👀',
  details: ['Observe mode: nothing is blocked.'],
  commands: [['All of them', 'zban list']],
} as const;

const KINDS: Readonly<Record<Kind, Pick<Message, 'icon' | 'commands'>>> = {
  ban: {
    icon: '⛔',
    commands: [
      ['All of them', 'zban list'],
      ['Undo', 'zban unban ADDRESS'],
    ],
  },
  order: { icon: '👤', commands: [['History', 'zban audit']] },
  unban: { icon: '🔓', commands: [['History', 'zban audit']] },
  many: { icon: '👥', commands: [['Who is banned now', 'zban list']] },
  panic: { icon: '🚨', commands: [['Now', 'zban status']] },
  global_anomaly: { icon: '📈', commands: [['Now', 'zban top']] },
  lane: { icon: '🐝', commands: [['Open lanes', 'zban lanes']] },
  fuse: { icon: '🚨', commands: [['Now', 'zban status']] },
  trouble: { icon: '⚠️', commands: [['All checks', 'zban doctor']] },
  test: { icon: '✅', commands: [] },
};

function headlineOf(kind: Kind, notifications: readonly Notification[]): string {
  const count = formatCount(notifications.length);
  switch (kind) {
    case 'ban': {
      const enforced = notifications.filter((one) => one.kind === 'ban' && one.enforced).length;
      const causes = countConditions(notifications.filter((one) => one.kind === 'ban'))
        .map(([condition, times]) => `${times} ${condition}`)
        .join(', ');
      if (enforced === notifications.length) return ` banned ${count} clients: ${causes}`;
      if (enforced === 0) return ` would ban ${count} clients: ${causes}`;
      const others = notifications.length - enforced;
      return ` banned ${countClients(enforced)} and would have banned ${formatCount(others)}: ${causes}`;
    }
    case 'order':
      return `: ${count} manual bans and changes of the allowlist`;
    case 'unban':
      return `: ${count} bans ended`;
    case 'many':
      return `: ${count} lists of bans were added or lifted`;
    case 'panic':
      return `: panic began or ended ${count} times`;
    case 'global_anomaly':
      return `: ${count} changes between normal and unusual traffic`;
    case 'lane':
      return `: ${count} swarms began or ended`;
    case 'fuse':
      return `: the fuse changed ${count} times`;
    case 'trouble':
      return `: ${count} reports of trouble with zban itself`;
    case 'test':
      return `: ${count} tests`;
  }
}

const countClients = (count: number): string => `${formatCount(count)} ${count === 1 ? 'client' : 'clients'}`;

/** The most frequent ones first. */
function countConditions(
  bans: readonly Extract<Notification, { kind: 'ban' }>[],
): [condition: string, times: string][] {
  const counts = new Map<string, number>();
  for (const { event } of bans) counts.set(event.condition, (counts.get(event.condition) ?? 0) + 1);
  return [...counts]
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, CONDITIONS_MAX)
    .map(([condition, times]) => [condition, formatCount(times)]);
}
