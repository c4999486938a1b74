/** Builds the notifier when a webhook is configured. */
import { hostname } from 'node:os';
import type { Config } from '../config/schema.ts';
import type { OutboxStore } from '../model/notification.ts';
import { createNotifier, type Notifier } from '../notify/notifier.ts';
import { loadWebhook } from '../notify/secret.ts';
import { createSlackDelivery } from '../notify/slack.ts';
import type { Log } from './log.ts';
import type { Troubles } from './troubles.ts';

export function hostName(config: Config): string {
  return config.name ?? hostname();
}

/** Undefined without a webhook. An unusable one is a trouble, not a reason not to protect. */
export function buildNotifier(
  config: Config,
  store: OutboxStore,
  now: () => number,
  log: Log,
  troubles: Troubles,
): Notifier | undefined {
  const { slack } = config.notify;
  const webhook = loadWebhook(slack, process.env);
  if (webhook.kind === 'error') troubles.begin('slack', webhook.message);
  if (webhook.kind !== 'loaded') return undefined;
  for (const warning of webhook.warnings) log('warn', warning);
  return createNotifier({
    store,
    deliver: createSlackDelivery({ webhookUrl: webhook.url, timeoutMs: slack.timeout }),
    now,
    hostName: hostName(config),
    digestOver: slack.digest_over,
    digestWindowMs: slack.digest_window,
    queueMax: slack.queue_max,
    log,
    onTrouble: (trouble) => {
      if (trouble) troubles.begin('slack', trouble.what, trouble.mend);
      else troubles.end('slack');
    },
  });
}
