/** Every kind of channel, by its key in `notify` of the configuration. */
import type { NotifySettings } from '../settings/notify-settings.ts';
import type { BrokenChannel, Channel } from './channel.ts';
import { openEmail } from './email.ts';
import { openSlack } from './slack.ts';
import { openWebhooks } from './webhook.ts';

/** For one delivery: services answer within a second or two, and what takes longer is tried again. */
const TIMEOUT_MS = 10_000;

/** All channels that are configured, the unusable ones with their problem. */
export function openChannels(
  { slack, webhook, email }: NotifySettings,
  environment: Readonly<NodeJS.ProcessEnv>,
  timeoutMs = TIMEOUT_MS,
): readonly (Channel | BrokenChannel)[] {
  return [
    ...openSlack(slack, environment, timeoutMs),
    ...openWebhooks(webhook, environment, timeoutMs),
    ...openEmail(email, environment, timeoutMs),
  ];
}
