/**
 * One delivery to a Slack incoming webhook. `@slack/webhook` posts and times out; it is left without retries of its
 * own (its default), because the outbox retries without blocking, and honours 429, which the library does not retry.
 * Statuses: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and
 * https://docs.slack.dev/apis/web-api/rate-limits
 */
import {
  type FetchFunction,
  IncomingWebhook,
  IncomingWebhookHTTPError,
  IncomingWebhookRequestError,
} from '@slack/webhook';
import type { SlackPayload } from './payload.ts';
import type { WebhookUrl } from './secret.ts';

/**
 * What became of a message. Causes come from closed sets (statuses, Slack's own words, system error codes) and never
 * from free text, so that the webhook address cannot leak through them.
 */
export type Delivery =
  | { readonly outcome: 'ok' }
  /** Worth another try; `afterMs` where Slack named a time. */
  | { readonly outcome: 'retry'; readonly cause: string; readonly afterMs?: number }
  /** The same message would fail again. */
  | { readonly outcome: 'final'; readonly cause: string; readonly mend: string };

/** Never rejects; `signal` gives up the request, which then counts as worth another try. */
export type Deliver = (payload: SlackPayload, signal?: AbortSignal) => Promise<Delivery>;

export interface SlackOptions {
  readonly webhookUrl: WebhookUrl;
  /** Milliseconds for a whole request, the answer's body included. */
  readonly timeoutMs: number;
  /** Stands in for the global fetch, for tests and proxies. */
  readonly fetch?: FetchFunction;
}

/** Slack's waits are seconds; an hour is the most that is believed. */
const RETRY_AFTER_MS_MAX = 3_600_000;
/** Where Slack says 429 without a time. */
const RETRY_AFTER_MS_DEFAULT = 30_000;

/** Builds the delivery for one webhook. */
export function createSlackDelivery({ webhookUrl, timeoutMs, fetch }: SlackOptions): Deliver {
  const send = fetch ?? (globalThis.fetch as FetchFunction);
  return async (payload, signal) => {
    let retryAfter: string | null = null;
    const webhook = new IncomingWebhook(webhookUrl.reveal(), {
      timeout: timeoutMs,
      fetch: async (url, init) => {
        const signals = [init?.signal, signal].filter((one) => one !== undefined);
        const response = await send(url, { ...init, signal: AbortSignal.any(signals) });
        retryAfter = response.headers.get('retry-after');
        return response;
      },
    });
    try {
      await webhook.send(payload);
      return { outcome: 'ok' };
    } catch (error) {
      if (error instanceof IncomingWebhookHTTPError)
        return classifyStatus(error.statusCode, error.body ?? '', retryAfter);
      return { outcome: 'retry', cause: describeFailure(error, timeoutMs) };
    }
  };
}

function classifyStatus(status: number, body: string, retryAfter: string | null): Delivery {
  const afterMs = parseRetryAfter(retryAfter);
  if (status === 429)
    return { outcome: 'retry', cause: 'Slack limits the rate (429)', afterMs: afterMs ?? RETRY_AFTER_MS_DEFAULT };
  const word = /^[a-z][a-z_]{2,59}$/.test(body.trim()) ? ` ${body.trim()}` : '';
  const cause = `Slack answered ${status}${word}`;
  if (status >= 500 || status === 408) return { outcome: 'retry', cause, ...(afterMs !== undefined && { afterMs }) };
  return { outcome: 'final', cause, mend: mendStatus(status) };
}

function mendStatus(status: number): string {
  if (status === 400) return 'Slack did not understand the message: report this with the version of zban';
  return 'the webhook was removed, restricted or its channel archived: create a new one in Slack, put it into notify.slack, reload and try zban notify test';
}

/** Milliseconds from `Retry-After: seconds` (RFC 9110, 10.2.3; Slack sends no dates); undefined for anything else. */
function parseRetryAfter(value: string | null): number | undefined {
  if (value === null || !/^\d{1,9}$/.test(value.trim())) return undefined;
  return Math.min(Number(value) * 1000, RETRY_AFTER_MS_MAX);
}

const FAILURES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ENOTFOUND: "the webhook's host name does not resolve",
  EAI_AGAIN: "the webhook's host name does not resolve at the moment",
  ENETUNREACH: 'the network is unreachable',
  EHOSTUNREACH: 'the host is unreachable',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
};

/** Words for a request without an answer. Only the name and code of an error are looked at, never its message. */
function describeFailure(error: unknown, timeoutMs: number): string {
  const original = error instanceof IncomingWebhookRequestError ? error.original : error;
  if (original instanceof Error && original.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  if (original instanceof Error && original.name === 'AbortError') return 'given up';
  const code = findCode(original);
  return `Slack is unreachable: ${FAILURES[code] ?? `the request failed${code ? ` (${code})` : ''}`}`;
}

/** The system's code (`ECONNREFUSED`), wherever fetch hid it; empty when there is none. */
function findCode(error: unknown): string {
  for (let depth = 0, at = error; depth < 4 && at instanceof Error; depth += 1) {
    const { code } = at as Error & { code?: unknown };
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code;
    at = at instanceof AggregateError && at.errors.length > 0 ? at.errors[0] : at.cause;
  }
  return '';
}
