/** The page, its event stream, JSON and metrics: read-only, for people and for Prometheus. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ActiveBan } from '../model/audit.ts';
import type { Status } from '../model/status.ts';
import { findAsset } from './assets.ts';
import { Feed, type FeedSources } from './feed.ts';
import { findRefusal, setSecurityHeaders } from './guard.ts';
import { listenOn, parseListen } from './listen.ts';
import { toBanLine } from './snapshot.ts';
import { EventStream } from './stream.ts';

/** Answers for monitors: each is the reason why not, undefined when all is well. Troubles are no reason for either. */
export interface Probes {
  /** Why zban cannot be called alive: a restart would help. */
  readonly findStall: () => string | undefined;
  /** Why nothing is judged yet, or any more. */
  readonly findUnready: () => string | undefined;
}

export interface HttpServerOptions extends FeedSources {
  readonly probes: Probes;
  /** `HOST:PORT` or `[IPV6]:PORT`; port 0 lets the system choose. */
  readonly listen: string;
  /** Prometheus' text format; see metrics.ts. */
  readonly metrics: {
    readonly contentType: string;
    render(status: Status): Promise<string>;
  };
  readonly log: (level: 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void;
  /** Epoch milliseconds; default the host's clock. */
  readonly now?: () => number;
}

export interface HttpServer {
  /** Where it listens, as a browser wants it. */
  readonly url: string;
  /** Ends streams and connections; resolves once the port is free. */
  close(): Promise<void>;
}

const TICK_MS = 1000;
const READERS_MAX = 20;
const CONNECTIONS_MAX = 100;
const API_BANS_MAX = 10_000;

/** Starts listening; rejects with HttpListenError only. The caller leaves it out where `http.listen` is `off`. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const pages = new Pages(options);
  const server = createServer(
    { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 5000 },
    (request, response) => void pages.serve(request, response),
  );
  server.maxConnections = CONNECTIONS_MAX;
  await listenOn(server, options.listen);
  const timer = setInterval(() => void pages.tick(), TICK_MS);
  timer.unref();
  const close = async (): Promise<void> => {
    clearInterval(timer);
    pages.close();
    await stopListening(server);
  };
  return { url: describeUrl(server.address() as AddressInfo), close };
}

function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const describeUrl = ({ family, address, port }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/`;

class Pages {
  readonly #options: HttpServerOptions;
  readonly #listenHost: string;
  readonly #feed: Feed;
  readonly #stream = new EventStream(READERS_MAX);
  #ticking = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#listenHost = parseListen(options.listen)?.host ?? '';
    this.#feed = new Feed(options, options.now ?? Date.now);
  }

  /** Notes this second's rate and, when somebody looks, sends a snapshot. A tick that takes longer skips the next. */
  async tick(): Promise<void> {
    if (this.#ticking) return;
    this.#ticking = true;
    try {
      await this.#feed.sample();
      if (this.#stream.readers > 0) this.#stream.send(await this.#feed.refresh());
    } catch (error) {
      this.#options.log('warn', 'no snapshot for the page', { cause: describe(error) });
    } finally {
      this.#ticking = false;
    }
  }

  close(): void {
    this.#stream.close();
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    setSecurityHeaders(response);
    const refusal = findRefusal(request, this.#listenHost);
    if (refusal !== undefined) {
      if (refusal.status === 405) response.setHeader('allow', 'GET, HEAD');
      return answer(response, refusal.status, 'text/plain', `${refusal.message}\n`);
    }
    try {
      await this.#route(request, response);
    } catch (error) {
      this.#options.log('warn', 'a request for the page failed', { cause: describe(error) });
      if (response.headersSent) response.destroy();
      else answer(response, 503, 'text/plain', 'the daemon does not answer at the moment\n');
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/';
    switch (path) {
      case '/events':
        return this.#serveEvents(request, response);
      case '/metrics': {
        const { metrics } = this.#options;
        return answer(response, 200, metrics.contentType, await metrics.render(await this.#feed.status()));
      }
      case '/healthz':
        return answerProbe(response, 'alive', this.#options.probes.findStall());
      case '/readyz':
        return answerProbe(response, 'ready', this.#options.probes.findUnready());
      case '/api/snapshot':
        return answer(response, 200, 'application/json', `${await this.#feed.snapshot()}\n`);
      case '/api/status':
        return answer(response, 200, 'application/json', `${JSON.stringify(await this.#feed.status())}\n`);
      case '/api/bans': {
        const bans: readonly ActiveBan[] = this.#options.bans(API_BANS_MAX).slice(0, API_BANS_MAX);
        return answer(response, 200, 'application/json', `${JSON.stringify(bans.map(toBanLine))}\n`);
      }
      default: {
        const asset = findAsset(path);
        if (asset === undefined) return answer(response, 404, 'text/plain', 'not found\n');
        return answer(response, 200, asset.type, asset.content);
      }
    }
  }

  async #serveEvents(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'HEAD') return answer(response, 200, 'text/event-stream', '');
    const first = await this.#feed.snapshot().catch(() => undefined);
    if (response.destroyed || this.#stream.add(response, first)) return;
    response.setHeader('retry-after', '10');
    answer(response, 503, 'text/plain', `${READERS_MAX} pages are open already\n`);
  }
}

/** 200, or 503 with the reason why not. */
function answerProbe(response: ServerResponse, what: string, reason: string | undefined): void {
  answer(response, reason === undefined ? 200 : 503, 'text/plain', `${reason ?? what}\n`);
}

/** Ends a response; Node leaves the body out for HEAD. */
function answer(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, {
    'content-type': /;|^image/.test(type) ? type : `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
