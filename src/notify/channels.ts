/** Every kind of channel, by its key in `notify` of the configuration. */
import type { BrokenChannel, Channel } from './channel.ts';
import { type EmailSettings, openEmail } from './email.ts';
import { openSlack, type SlackSettings } from './slack.ts';
import { openWebhooks, type WebhookSettings } from './webhook.ts';

/** The part `notify` of the configuration. */
export interface NotifySettings {
  readonly dashboard_url?: string | undefined;
  readonly slack: SlackSettings;
  readonly webhook: readonly WebhookSettings[];
  readonly email: EmailSettings;
}

/** All channels that are configured, the unusable ones with their problem. */
export function openChannels(
  { slack, webhook, email }: NotifySettings,
  environment: Readonly<NodeJS.ProcessEnv>,
): readonly (Channel | BrokenChannel)[] {
  return [...openSlack(slack, environment), ...openWebhooks(webhook, environment), ...openEmail(email, environment)];
}
