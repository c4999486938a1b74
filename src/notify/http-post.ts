/** One POST to a service, and what its answer means for the message. */
import { codeOf } from '../model/coded-error.ts';
import type { Delivery } from './channel.ts';

/** Waits that services name are seconds; an hour is the most that is believed. */
const RETRY_AFTER_MS_MAX = 3_600_000;
/** Where a service says 429 without a time. */
const RETRY_AFTER_MS_DEFAULT = 30_000;

export interface Post {
  readonly service: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds for the whole request. */
  readonly timeoutMs: number;
}

/** Never rejects. Redirects are not followed: the address is a secret, and the body is the host's own. */
export async function post(
  { service, url, headers, body, timeoutMs }: Post,
  signal: AbortSignal | undefined,
): Promise<Delivery> {
  try {
    const timeout = AbortSignal.timeout(timeoutMs);
    const response = await fetch(url, {
      ...{ method: 'POST', headers, body, redirect: 'manual' },
      signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
    });
    // Read to its end, so that the connection can be used again; its words may repeat the secret.
    await response.arrayBuffer();
    return classifyStatus(service, response.status, response.headers.get('retry-after'), '');
  } catch (error) {
    return { outcome: 'retry', cause: describeFailure(service, error, timeoutMs) };
  }
}

/** `word` is the service's own for what is wrong, from a closed set. */
export function classifyStatus(service: string, status: number, retryAfter: string | null, word: string): Delivery {
  if (status >= 200 && status < 300) return { outcome: 'ok' };
  const afterMs = parseRetryAfter(retryAfter);
  if (status === 429)
    return { outcome: 'retry', cause: `${service} limits the rate (429)`, afterMs: afterMs ?? RETRY_AFTER_MS_DEFAULT };
  const cause = `${service} answered ${status}${word && ` ${word}`}`;
  if (status >= 500 || status === 408) return { outcome: 'retry', cause, ...(afterMs !== undefined && { afterMs }) };
  return { outcome: 'final', cause, fix: fixForStatus(service, status) };
}

function fixForStatus(service: string, status: number): string {
  if (status === 400 || status === 422)
    return `${service} did not understand the message: check the template, then report this with the version of zban`;
  if (status >= 300 && status < 400) return 'the address redirects: configure the one that it leads to';
  return 'the webhook was removed or restricted, or its address or token is wrong: create a new one, put it into the configuration, reload and try zban notify test';
}

/** Milliseconds from `Retry-After: seconds` (RFC 9110, 10.2.3; a fraction as Discord sends it); undefined for anything else. */
function parseRetryAfter(value: string | null): number | undefined {
  if (value === null || !/^\d{1,9}(\.\d+)?$/.test(value.trim())) return undefined;
  return Math.min(Math.ceil(Number(value) * 1000), RETRY_AFTER_MS_MAX);
}

const UNTRUSTED = 'its certificate is of no authority that this host trusts';

/** By the system's code, or OpenSSL's (verify(1)). */
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
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another host name',
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
};

/** Words for a request without an answer. Only the name and code of an error are looked at, never its message. */
export function describeFailure(service: string, error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  if (error instanceof Error && error.name === 'AbortError') return 'given up';
  const code = findCode(error);
  return `${service} is unreachable: ${FAILURES[code] ?? `the request failed${code ? ` (${code})` : ''}`}`;
}

/** The system's code (`ECONNREFUSED`), wherever fetch hid it; empty when there is none. */
function findCode(error: unknown): string {
  for (let depth = 0, at = error; depth < 4 && at instanceof Error; depth += 1) {
    const code = codeOf(at);
    if (code !== undefined && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code;
    at = at instanceof AggregateError && at.errors.length > 0 ? at.errors[0] : at.cause;
  }
  return '';
}
