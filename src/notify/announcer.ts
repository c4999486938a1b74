/** All channels together: each has its own queue, its own retries and its own trouble. */
import type { Notification, Outbox } from '../model/notification.ts';
import type { BrokenChannel, Channel } from './channel.ts';
import type { DeliveryHealthOptions, DeliveryTrouble } from './delivery-health.ts';
import type { Sender } from './message.ts';
import { Notifier } from './notifier.ts';

export interface AnnouncerOptions extends Pick<DeliveryHealthOptions, 'log' | 'backoffMs'> {
  readonly opened: readonly (Channel | BrokenChannel)[];
  readonly outbox: Outbox;
  readonly sender: Sender;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A channel's delivery begins to fail for good or for long; undefined once it works again. */
  readonly onTrouble: (channel: string, trouble: DeliveryTrouble | undefined) => void;
  /** Milliseconds between two deliveries of one channel. Default 1000. */
  readonly gapMs?: number;
}

interface TestResult {
  readonly channel: string;
  readonly ok: boolean;
  readonly message: string;
}

export interface Announcer extends Pick<Notifier, 'notify' | 'stop' | 'size'> {
  /** All that are configured. */
  readonly names: readonly string[];
  /** Channels that cannot be used. */
  readonly broken: readonly BrokenChannel[];
  /** Drops what waits for channels that are no longer configured: not for who reads a configuration with mistakes. */
  dropOthers(): void;
  /** A test message through one channel or all of them, past their queues. Never rejects. */
  sendTests(name?: string): Promise<{
    readonly ok: boolean;
    readonly message: string;
    readonly channels: readonly TestResult[];
  }>;
}

/** Under which the trouble of a channel stands: it is reported to the other channels. */
export const troubleKeyOf = (channel: string): string => `channel ${channel}`;

export function createAnnouncer(options: AnnouncerOptions): Announcer {
  const { opened, outbox, log, onTrouble } = options;
  const notifiers = new Map<string, Notifier>();
  for (const channel of opened) {
    if ('problem' in channel) continue;
    const { name } = channel;
    const store = outbox.queue(name);
    const onOwnTrouble = (trouble: DeliveryTrouble | undefined) => onTrouble(name, trouble);
    notifiers.set(name, new Notifier({ ...options, channel, store, onTrouble: onOwnTrouble }));
  }
  const all = [...notifiers.values()];
  const names = opened.map(({ name }) => name);
  return {
    names,
    broken: opened.filter((channel) => 'problem' in channel),
    notify: (notifications) => {
      for (const [name, notifier] of notifiers)
        notifier.notify(notifications.filter((notification) => !isOwnTrouble(notification, name)));
    },
    dropOthers: () => {
      // Those of a broken channel wait until it is repaired.
      const dropped = outbox.keepOnly(names);
      if (dropped > 0) log('warn', 'messages for channels that are no longer configured were dropped', { dropped });
    },
    sendTests: (name) => sendTests(opened, notifiers, name),
    stop: async (limits) => void (await Promise.all(all.map((notifier) => notifier.stop(limits)))),
    size: () => all.reduce((sum, notifier) => sum + notifier.size(), 0),
  };
}

const isOwnTrouble = (notification: Notification, channel: string): boolean =>
  notification.kind === 'trouble' && notification.key === troubleKeyOf(channel);

async function sendTests(
  opened: AnnouncerOptions['opened'],
  notifiers: ReadonlyMap<string, Notifier>,
  name: string | undefined,
): Promise<Awaited<ReturnType<Announcer['sendTests']>>> {
  const chosen = opened.filter((channel) => name === undefined || channel.name === name);
  if (chosen.length === 0) return { ok: false, message: explainNone(opened, name), channels: [] };
  const channels = await Promise.all(
    chosen.map(async (channel) => {
      const result = await notifiers.get(channel.name)?.sendTest();
      const failed = { ok: false, message: 'problem' in channel ? channel.problem : '' };
      return { channel: channel.name, ...(result ?? failed) };
    }),
  );
  const message = channels.map((each) => `${each.channel}: ${each.message}`).join('\n');
  return { ok: channels.every(({ ok }) => ok), message, channels };
}

function explainNone(opened: AnnouncerOptions['opened'], name: string | undefined): string {
  if (opened.length === 0 || name === undefined)
    return 'no channel is configured: set notify.slack, notify.webhook or notify.email, and reload';
  return `no channel is called ${name}: there are ${opened.map((channel) => channel.name).join(', ')}`;
}
