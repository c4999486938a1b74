/** Every kind of channel, by its key in `notify` of the configuration. */
import type { NotifySettings } from '../settings/notify-settings.ts';
import type { BrokenChannel, Channel } from './channel.ts';
import { openEmail } from './email.ts';
import { openSlack } from './slack.ts';
import { openWebhooks } from './webhook.ts';

/** All channels that are configured, the unusable ones with their problem. */
export function openChannels(
  { slack, webhook, email }: NotifySettings,
  environment: Readonly<NodeJS.ProcessEnv>,
): readonly (Channel | BrokenChannel)[] {
  return [...openSlack(slack, environment), ...openWebhooks(webhook, environment), ...openEmail(email, environment)];
}
