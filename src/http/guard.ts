/** What keeps other web sites, and the log's own contents, from using the operator's browser against the page. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isLoopback } from './listen.ts';

/**
 * The page loads nothing but its own files and connects only to where it came from; scripts and styles in the markup
 * are refused, and so is any text that would become markup or the address of a script (Trusted Types). https://www.w3.org/TR/CSP3/
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  // The page's one policy names its worker and nothing else.
  'trusted-types zban',
].join('; ');

/** Sets the headers that every answer carries. There is no CORS header: other origins read nothing. */
export function setSecurityHeaders(response: ServerResponse): void {
  response.setHeader('content-security-policy', CONTENT_SECURITY_POLICY);
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('x-frame-options', 'DENY');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cache-control', 'no-store');
}

/**
 * Why a request is not served (403), undefined when it is. On a loopback address the Host header must name this host:
 * a foreign name that resolves to 127.0.0.1 (DNS rebinding) would make the page part of a foreign origin. Requests that
 * another site's page makes are refused by Fetch Metadata (https://www.w3.org/TR/fetch-metadata/), following a link is not.
 */
export function findRefusal(request: IncomingMessage, listenHost: string): string | undefined {
  if (isLoopback(listenHost) && !isOwnName(request.headers.host, listenHost))
    return 'this page is served under localhost only: tunnel with ssh -L, or change http.listen';
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers;
  if ((site === 'cross-site' || site === 'same-site') && mode !== 'navigate')
    return 'other sites may not use this page';
  return undefined;
}

/** The port may be any: a tunnel chooses its own. A missing header comes from HTTP/1.0 clients, never from a browser. */
function isOwnName(header: string | undefined, listenHost: string): boolean {
  if (header === undefined) return true;
  const host = /^(?:\[([^\]]*)\]|([^:]*))(?::\d{1,5})?$/.exec(header.toLowerCase());
  const name = host?.[1] ?? host?.[2] ?? '';
  return name === listenHost.toLowerCase() || isLoopback(name) || name.endsWith('.localhost');
}
