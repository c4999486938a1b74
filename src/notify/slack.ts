/**
 * Slack by an incoming webhook. `@slack/webhook` posts and times out; it is left without retries of its
 * own (its default), because the outbox retries without blocking, and honours 429, which the library does not retry.
 * Statuses: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and
 * https://docs.slack.dev/apis/web-api/rate-limits
 */
import type { NotifySettings } from '../settings/notify-settings.ts';
import type { Deliver, OpenChannels } from './channel.ts';
import { classifyStatus, describeFailure } from './http-post.ts';
import { loadAddress, type Secret } from './secret.ts';
import { toSlackPayload } from './slack-payload.ts';

const SERVICE = 'Slack';
/** The environment variable asked last. */
export const WEBHOOK_VARIABLE = 'ZBAN_SLACK_WEBHOOK_URL';

export const openSlack: OpenChannels<NotifySettings['slack']> = (settings, environment, timeoutMs) => {
  const { webhook_url: value, webhook_url_file: file } = settings;
  const loaded = loadAddress({ key: 'notify.slack.webhook_url', value, file, variable: WEBHOOK_VARIABLE }, environment);
  const name = 'slack';
  if (loaded.kind === 'none') return [];
  if (loaded.kind === 'error') return [{ name, service: SERVICE, problem: loaded.message }];
  const deliver = createSlackDelivery(loaded.secret, timeoutMs);
  return [{ name, service: SERVICE, deliver, settings, warnings: loaded.warnings }];
};

/** Builds the delivery for one webhook; `timeoutMs` is for a whole request, the answer's body included. */
export function createSlackDelivery(webhookUrl: Secret, timeoutMs: number): Deliver {
  return async (message, signal) => {
    let retryAfter: string | null = null;
    // A host without Slack never loads it.
    const { IncomingWebhook, IncomingWebhookHTTPError, IncomingWebhookRequestError } = await import('@slack/webhook');
    const webhook = new IncomingWebhook(webhookUrl.reveal(), {
      timeout: timeoutMs,
      fetch: async (url, init) => {
        const signals = [init?.signal, signal].filter((one) => one !== undefined);
        // Not followed: what a redirect means is classified by its status, as for every other service.
        const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.any(signals) });
        retryAfter = response.headers.get('retry-after');
        return response;
      },
    });
    try {
      await webhook.send(toSlackPayload(message));
      return { outcome: 'ok' };
    } catch (error) {
      if (error instanceof IncomingWebhookHTTPError)
        return classifyStatus(SERVICE, error.statusCode, retryAfter, findWord(error.body ?? ''));
      const original = error instanceof IncomingWebhookRequestError ? error.original : error;
      return { outcome: 'retry', cause: describeFailure(SERVICE, original, timeoutMs) };
    }
  };
}

/** Slack's own word for what is wrong: `no_service`. */
const findWord = (body: string): string => (/^[a-z][a-z_]{2,59}$/.test(body.trim()) ? body.trim() : '');
