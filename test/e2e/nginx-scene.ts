/**
 * The scene of the end-to-end tests, every part real: a server with zban between a client, a visitor and a container;
 * nginx on the server or in the container; a past of ordinary traffic; Slack's stand-in.
 *
 *     client 192.0.2.2 ─┐
 *     visitor 198.51.100.2 ─ server ─ container 203.0.113.2
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import type { FloodReport } from '../support/flood.ts';
import { type Flood, type FloodOptions, startFlood } from '../support/flooder.ts';
import { createNetwork, type Network, toolSkip } from '../support/netns.ts';
import { findNginxObstacle, startNginx } from '../support/nginx.ts';
import { watchSlowdown } from '../support/slowdown.ts';
import { type Slack, startSlack } from './slack.ts';

/** Why this scene cannot be set here, for `{ skip }`; false when it can. */
export const sceneSkip: string | false = toolSkip('iptables', 'ip6tables', 'ipset') || findNginxObstacle() || false;

/** Three minutes: one recalculation of the baseline falls after the two minutes of warm-up. */
const PAST_SECONDS = 180;
const VISITORS = 90;
/** What zban promises, on a machine that has time for it: from the first line of a flood to the last packet, and from a release to the first. */
const REACTION_MS_MAX = 2000;
/** Floods end by themselves, also when the test that started them was killed. */
const LIFE_SECONDS = 120;
/** As many as have a connection: on a slow machine more would be given up before anybody was asked, and make no line in the log. */
const PENDING_MAX = 32;
/** Attempts of the prober: often enough to see a release in time, so few that it never is an attack itself. */
const PROBE_RPS = 10;

interface Line {
  readonly timestamp: string;
  readonly source_ip: string;
  readonly path: string;
}

export interface SceneOptions {
  readonly backend: 'ipset' | 'iptables';
  /** Sections of the configuration, laid over the scene's. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Where nginx runs. Default the server, next to zban. */
  readonly nginxHost?: 'server' | 'container';
  /** Done to the network before zban starts: routes, rules of others. */
  readonly prepare?: (network: Network) => void;
}

/** With how much slower than alone everything in the scene ran since it began. */
type SceneFlood = Flood & { readonly slowdown: () => number };

export interface Scene {
  readonly network: Network;
  readonly daemon: TestDaemon;
  readonly slack: Slack;
  /** nginx's address for the client. */
  readonly url: (family?: 4 | 6, port?: number) => string;
  /** Requests of a host until stopped, or until the test ends. */
  flood(host: string, options?: Partial<FloodOptions>): SceneFlood;
  /** One fresh connection after the other from the client, to see when it is served again. */
  probe(options?: Partial<FloodOptions>): SceneFlood;
  /** When nginx wrote an address's lines for `/`, epoch milliseconds, oldest first, rotated logs included. */
  lineTimes(ip: string): readonly number[];
  /** Lines in all of nginx's logs. */
  lineCount(): number;
  /** Renames the log and has nginx open a new one. */
  rotate(): Promise<string>;
}

/** Sets the scene: returns once zban has learned from the past and nginx serves. Everything ends with the test. */
export async function setScene(t: TestContext, options: SceneOptions): Promise<Scene> {
  const { backend, config = {}, nginxHost = 'server', prepare } = options;
  const closers: (() => unknown)[] = [];
  t.after(async () => {
    for (const close of closers.reverse()) await close();
  });
  const folder = mkdtempSync(join(tmpdir(), 'zban-e2e-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  // nginx's workers open the log anew by themselves.
  chmodSync(folder, 0o755);
  const accessLog = join(folder, 'access.log');

  const network = createNetwork({ hosts: ['server', 'client', 'visitor', 'container'] });
  closers.push(() => network.close());
  prepare?.(network);
  const slack = await startSlack(network, 'server');

  const daemon = new TestDaemon({
    prefix: network.prefix('server'),
    config: {
      name: 'web-1',
      logs: [{ path: accessLog }],
      firewall: { backend },
      notify: { slack: { webhook_url: slack.webhookUrl } },
      ...config,
    },
  });
  closers.push(() => daemon.close());
  await daemon.start();

  // The log appears after the daemon: it is read from its beginning.
  writeFileSync(accessLog, ordinaryPast(Date.now()));
  await until('the baseline is ready', () => /\] BASELINE \|/.test(daemon.auditText()));
  const nginx = await startNginx({
    prefix: network.prefix(nginxHost),
    accessLog,
    // sshd's port has a listener too, so that a test can see whether it is reached.
    listen: ['80', '[::]:80', '22', '[::]:22'],
  });
  closers.push(() => nginx.stop());

  const url: Scene['url'] = (family = 4, port = 80) => {
    const address = network.address(nginxHost, 'client', family);
    return `http://${family === 6 ? `[${address}]` : address}:${port}/`;
  };
  const flood: Scene['flood'] = (host, more = {}) => {
    const started = startFlood({
      url: url(),
      rateRps: 500,
      pendingMax: PENDING_MAX,
      prefix: network.prefix(host),
      seconds: LIFE_SECONDS,
      ...more,
    });
    closers.push(() => started.stop().catch(() => {}));
    return { ...started, slowdown: watchSlowdown() };
  };
  const lines = (): string[] =>
    readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1));
  return {
    network,
    daemon,
    slack,
    url,
    flood,
    probe: (more = {}) => flood('client', { rateRps: PROBE_RPS, isFresh: true, timeoutMs: 400, ...more }),
    lineTimes: (ip) =>
      lines()
        .map((line) => JSON.parse(line) as Line)
        .filter(({ source_ip, path }) => source_ip === ip && path === '/')
        .map(({ timestamp }) => Number(timestamp) * 1000)
        .sort((a, b) => a - b),
    lineCount: () => lines().length,
    rotate: nginx.rotate,
  };
}

/** The last report of a flood, and how much slower than alone everything ran until its ban. */
type FloodEnd = FloodReport & { readonly slowdown: number };

/** Waits until a flood that was served is banned and meets nothing but time-outs, and ends it. */
export async function endOnceDropped({ daemon }: Scene, flood: SceneFlood): Promise<FloodEnd> {
  // On a machine that is busy enough a server that drops nothing is silent for as long.
  await until('the ban', () => daemon.json<unknown[]>('list').length > 0);
  const slowdown = flood.slowdown();
  await flood.until(
    'time-outs alone',
    ({ timedOut, lastAnswerMs, atMs }) => timedOut > 10 && lastAnswerMs !== null && atMs - lastAnswerMs > 1200,
  );
  const end = await flood.stop();
  assert.equal(end.failed, 0, JSON.stringify(end));
  return { ...end, slowdown };
}

/** Says how long packets went on to pass, and holds it against the promise. */
export function assertReaction(t: TestContext, from: string, fromMs: number | undefined, ends: readonly FloodEnd[]) {
  const reactionMs = Math.max(...ends.map(({ lastAnswerMs }) => lastAnswerMs ?? 0)) - (fromMs ?? 0);
  const shared = Math.max(...ends.map(({ slowdown }) => slowdown));
  t.diagnostic(
    `${reactionMs} ms from ${from} to the last packet that passed, on a machine ${shared.toFixed(1)} times slower than alone`,
  );
  assertPrompt('reacted', reactionMs, shared);
}

/** Holds a time against what zban promises, on a machine on which everything takes so many times as long as alone. */
export function assertPrompt(what: string, ms: number, slowdown: number): void {
  assert.ok(
    ms >= 0 && ms <= REACTION_MS_MAX * slowdown,
    `${what} within ${ms} ms, ${slowdown} times slower than alone`,
  );
}

/** A client that has been served all the time. */
export async function assertUndisturbed(flood: Flood): Promise<void> {
  const end = await flood.stop();
  assert.ok(end.answered > 0);
  assert.equal(end.answered, end.sent, JSON.stringify(end));
}

/** Visitors who load a page with its files twice a minute, and now and then miss one; the last line is of now. */
function ordinaryPast(nowMs: number): string {
  const lines: string[] = [];
  const nowSecond = Math.floor(nowMs / 1000);
  for (let second = nowSecond - PAST_SECONDS; second < nowSecond; second++) {
    for (let visitor = second % 30; visitor < VISITORS; visitor += 30) {
      const ip = `203.0.113.${100 + visitor}`;
      const paths = [`/articles/${second % 50}`, '/static/main.css', '/static/app.js', '/static/picture-1.png'];
      if (second % 10 === 0) paths.push('/favicon-of-old.ico');
      for (const [index, path] of paths.entries()) lines.push(logLine(`${second}.${100 + index}`, ip, path));
    }
  }
  return lines.join('');
}

function logLine(timestamp: string, ip: string, path: string): string {
  const status = path.endsWith('.ico') ? '404' : '200';
  return `{"timestamp":"${timestamp}","source_ip":"${ip}","method":"GET","path":"${path}","status":"${status}","response_size":"512","request_time":"0.001","user_agent":"Mozilla/5.0","referer":"","host":"www.example.com"}\n`;
}
