/** The page, its event stream, JSON and metrics, for people and for Prometheus; read-only unless actions are configured. */

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ActiveBan } from '../model/audit.ts';
import { messageOf } from '../model/coded-error.ts';
import type { EverySecond } from '../model/every-second.ts';
import type { FleetReport } from '../model/fleet.ts';
import type { Log } from '../model/log.ts';
import { type Actions, serveAction } from './actions.ts';
import { ASSETS } from './assets.ts';
import { LISTED_MAX, packBans } from './ban-list.ts';
import type { Explanation } from './explanation.ts';
import { Feed, type FeedSources } from './feed.ts';
import { findRefusal, setSecurityHeaders } from './guard.ts';
import { listenOn, parseListen } from './listen.ts';
import { METRICS_TYPE, renderMetrics } from './metrics.ts';
import { answer, answerJson, type Request, type Route } from './router.ts';
import { toBanLine } from './snapshot.ts';
import { EventStream } from './stream.ts';
import { chartOf, findRange, type TrafficSource, usualOf } from './traffic.ts';
import { Turns } from './turns.ts';
import { limitWaiting } from './waiting-connections.ts';

/** Answers for monitors: each is the reason why not, undefined when all is well. Troubles are no reason for either. */
export interface Probes {
  /** Why zban cannot be called alive: a restart would help. */
  readonly findStall: () => string | undefined;
  /** Why nothing is judged yet, or any more. */
  readonly findUnready: () => string | undefined;
}

export interface HttpServerOptions extends FeedSources {
  readonly probes: Probes;
  /** Active and would-be bans, newest first, at most `limit`. */
  readonly bans: (limit: number) => readonly ActiveBan[];
  readonly traffic: TrafficSource;
  /** Everything that is recorded about an address, a network, or by the number of an audit row; undefined for other text. */
  readonly explain: (subject: string) => Promise<Explanation | undefined>;
  /** Who runs each of these networks, in a few words; empty where that is not known. */
  readonly who: (networks: readonly string[]) => readonly string[];
  /** The hosts of the fleet; undefined where none is configured. */
  readonly fleet: () => Promise<FleetReport | undefined>;
  /** Undefined where they are off. */
  readonly actions?: Actions | undefined;
  /** `HOST:PORT` or `[IPV6]:PORT`; port 0 lets the system choose, and `off` is no page. */
  readonly listen: string;
  readonly log: Log;
  readonly everySecond: EverySecond;
  /** Epoch milliseconds; default the host's clock. */
  readonly now?: () => number;
}

// Imported, the module would have all its exports read, which loads Node's WebSocket client and 14 MiB with it.
const { createServer } = process.getBuiltinModule('node:http');

const READERS_MAX = 20;
/** The one path that takes POST, and nothing else: an action, with a token. */
const ACTION = '/api/action';
const CONNECTIONS_MAX = 100;
/** Of them; the others are for streams and answers. */
const WAITING_MAX = 50;

/** `listen` as configured, `url` as a browser wants it. */
interface Opened {
  readonly listen: string;
  readonly server: Server;
  readonly url: string;
}

/** The page of the process: it goes on listening while one instance gives way to the next, unless it is to listen elsewhere. */
export class HttpServer {
  #opened: Opened | undefined;
  #pages: Pages | undefined;
  #change = Promise.withResolvers<void>();

  /** Has an instance answer, those too who wait since `suspend`. Rejects with HttpListenError only; what listened before then stays. */
  async serve(options: HttpServerOptions): Promise<void> {
    const { listen } = options;
    if (listen !== this.#opened?.listen) {
      const opened = listen === 'off' ? undefined : await this.#open(listen);
      await this.close();
      this.#opened = opened;
      if (opened) options.log('info', `dashboard on ${opened.url}`);
    }
    if (!this.#opened) return;
    this.#pages = new Pages(options);
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  /** Empty while it does not listen. */
  get url(): string {
    return this.#opened?.url ?? '';
  }

  /** Ends streams; requests wait for the next `serve`. */
  suspend(): void {
    this.#pages?.end();
    this.#pages = undefined;
  }

  /** Ends streams and connections; resolves once the port is free. */
  async close(): Promise<void> {
    this.suspend();
    const server = this.#opened?.server;
    this.#opened = undefined;
    await new Promise<void>((resolve) => {
      if (!server) return resolve();
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  async #open(listen: string): Promise<Opened> {
    const server = createServer(
      { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 5000 },
      (request, response) => void this.#answer(request, response),
    );
    server.maxConnections = CONNECTIONS_MAX;
    limitWaiting(server, WAITING_MAX);
    await listenOn(server, listen);
    const { family, address, port } = server.address() as AddressInfo;
    return { listen, server, url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/` };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    while (!this.#pages) await this.#change.promise;
    await this.#pages.serve(request, response);
  }
}

/** Answers that grow with the bans, the past or what is asked about. */
const SLOW: ReadonlySet<string> = new Set(['/api/bans', '/api/ban-list', '/api/explain', '/api/traffic', '/api/usual']);

/** What one instance answers. */
class Pages {
  readonly #options: HttpServerOptions;
  readonly #listenHost: string;
  readonly #feed: Feed;
  readonly #stream = new EventStream(READERS_MAX);
  readonly #now: () => number;
  /** By path; nothing is looked up on the disk. */
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #turns = new Turns();
  readonly #endTicks: () => void;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#listenHost = parseListen(options.listen)?.host ?? '';
    this.#feed = new Feed(options, this.#now, options.actions !== undefined);
    this.#routes = this.#buildRoutes();
    this.#endTicks = options.everySecond(() => this.#tick());
  }

  end(): void {
    this.#endTicks();
    this.#stream.close();
  }

  /** Notes this second's rate and, when somebody looks, sends a snapshot. */
  #tick(): void {
    try {
      this.#feed.sample();
      if (this.#stream.readers > 0) this.#stream.send(this.#feed.refresh());
    } catch (error) {
      this.#options.log('warn', 'no snapshot for the page', { cause: messageOf(error) });
    }
  }

  async serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    setSecurityHeaders(response);
    const refusal = findRefusal(message, this.#listenHost);
    if (refusal !== undefined) return this.#refuse(message, response, 403, refusal);
    const [path = '', query] = (message.url ?? '/').split(/\?(.*)/s);
    const route = this.#routes.get(path);
    if (route === undefined) return this.#refuse(message, response, 404, 'not found');
    const isAction = path === ACTION;
    const methods = isAction ? 'POST' : 'GET, HEAD';
    if (!methods.split(', ').includes(message.method ?? '')) {
      response.setHeader('allow', methods);
      return this.#refuse(message, response, 405, `only ${methods.replace(', ', ' and ')} is served here`);
    }
    if (!isAction) message.resume();
    try {
      const asked = { message, response, query: new URLSearchParams(query) };
      if (SLOW.has(path)) await this.#turns.take(() => (response.destroyed ? undefined : route(asked)));
      else await route(asked);
    } catch (error) {
      this.#options.log('warn', 'a request for the page failed', { cause: messageOf(error) });
      if (response.headersSent) response.destroy();
      else answer(response, 503, 'text/plain', 'zban cannot answer this at the moment\n');
    }
  }

  #refuse(message: IncomingMessage, response: ServerResponse, status: number, text: string): void {
    message.resume();
    answer(response, status, 'text/plain', `${text}\n`);
  }

  #buildRoutes(): ReadonlyMap<string, Route> {
    const { status, probes, bans, traffic, explain, who, fleet, actions } = this.#options;
    const feed = this.#feed;
    const routes: Record<string, Route> = {
      '/events': (request) => this.#serveEvents(request),
      '/metrics': async ({ response }) => answer(response, 200, METRICS_TYPE, await renderMetrics(status())),
      '/healthz': ({ response }) => answerProbe(response, 'alive', probes.findStall()),
      '/readyz': ({ response }) => answerProbe(response, 'ready', probes.findUnready()),
      '/api/snapshot': ({ response }) => answer(response, 200, 'application/json', `${feed.snapshot()}\n`),
      '/api/status': ({ response }) => answerJson(response, status()),
      '/api/bans': ({ response }) => answerJson(response, bans(LISTED_MAX).map(toBanLine)),
      '/api/ban-list': ({ response }) => {
        const revision = this.#options.recent(1)[0]?.id ?? 0;
        answerJson(response, packBans(revision, bans(LISTED_MAX), who));
      },
      '/api/fleet': async ({ response }) => answerJson(response, (await fleet()) ?? null),
      '/api/usual': ({ response }) => answerJson(response, usualOf(traffic.usualHours())),
      '/api/traffic': ({ response, query }) => {
        const range = findRange(query.get('range'));
        if (range) answerJson(response, chartOf(traffic.series(range, this.#now())));
        else answer(response, 400, 'text/plain', 'expected range=1h, 24h or 7d\n');
      },
      '/api/explain': async ({ response, query }) => {
        const explanation = await explain((query.get('subject') ?? '').trim().slice(0, 100));
        if (explanation) answerJson(response, explanation);
        else answer(response, 404, 'text/plain', 'expected an address, a network or the number of an audit entry\n');
      },
    };
    for (const [path, { type, content }] of ASSETS)
      routes[path] = ({ response }) => answer(response, 200, type, content);
    if (actions)
      routes[ACTION] = async ({ message, response }) => {
        const { status, body } = await serveAction(actions, message);
        message.resume();
        answerJson(response, body, status);
      };
    return new Map(Object.entries(routes));
  }

  #serveEvents({ message, response }: Request): void {
    if (message.method === 'HEAD') answer(response, 200, 'text/event-stream', '');
    else if (!this.#stream.add(response, this.#findSnapshot())) {
      response.setHeader('retry-after', '10');
      answer(response, 503, 'text/plain', `${READERS_MAX} pages are open already\n`);
    }
  }

  /** Undefined where it cannot be made now: a later one may be. */
  #findSnapshot(): string | undefined {
    try {
      return this.#feed.snapshot();
    } catch {
      return undefined;
    }
  }
}

/** 200, or 503 with the reason why not. */
function answerProbe(response: ServerResponse, what: string, reason: string | undefined): void {
  answer(response, reason === undefined ? 200 : 503, 'text/plain', `${reason ?? what}\n`);
}
