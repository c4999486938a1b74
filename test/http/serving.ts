/** The server of the dashboard for tests: closed after each, and asked as fetch cannot. */
import { once } from 'node:events';
import { get, type IncomingMessage, request } from 'node:http';
import { afterEach } from 'node:test';
import { everySecond } from '../../src/daemon/every-second.ts';
import type { HttpServer, HttpServerOptions } from '../../src/http/server.ts';
import type { Snapshot } from '../../src/http/snapshot.ts';
import { status } from '../support/status.ts';
import { activeBan, auditEntry } from './examples.ts';
import { startHttpServer } from './start.ts';

let server: HttpServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

export async function start(change: Partial<HttpServerOptions> = {}): Promise<string> {
  server = await startHttpServer(optionsOf(change));
  return server.url;
}

export function optionsOf(change: Partial<HttpServerOptions> = {}): HttpServerOptions {
  return {
    listen: '127.0.0.1:0',
    status: () => status(),
    rate: () => 13,
    bans: () => [activeBan()],
    recent: () => [auditEntry()],
    decisions: () => [],
    probes: { findStall: () => undefined, findUnready: () => undefined },
    traffic: { series: () => ({ stepSeconds: 60, fromSecond: 0, steps: [], marks: [] }), usualHours: () => [] },
    lanes: () => [],
    explain: async () => undefined,
    who: () => [],
    fleet: async () => undefined,
    log: () => {},
    everySecond,
    ...change,
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A request with full control of its headers, which fetch does not give. */
export async function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const [response] = (await once(request(url, { method, headers, agent: false }).end(), 'response')) as [
    IncomingMessage,
  ];
  let body = '';
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}

/** Reads the event stream until `count` snapshots came. */
export async function snapshots(url: string, count: number): Promise<Snapshot[]> {
  const stream = get(`${url}events`, { agent: false });
  const [response] = (await once(stream, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) {
    text += chunk;
    const complete = text.split('\n\n').slice(0, -1);
    const events = complete.filter((event) => event.startsWith('event: snapshot\ndata: '));
    if (events.length >= count) {
      stream.destroy();
      return events.map((event) => JSON.parse(event.slice('event: snapshot\ndata: '.length)));
    }
  }
  throw new Error(`the stream ended with ${response.statusCode}: ${text}`);
}

/** Closes what was started before the test ends. */
export async function close(): Promise<void> {
  await server?.close();
}
