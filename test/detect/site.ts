/** A site with visitors, and what a client asks of it: what the stories about the rules for clients are made of. */
import assert from 'node:assert/strict';
import type { BanEvent } from '../../src/model/told-event.ts';
import { hashText } from '../../src/traffic/hash.ts';
import { ATTACKER } from '../engine/story.ts';
import { Bench, ENGINE, type Overrides } from '../support/engine.ts';
import { START, visitorIp } from '../support/traffic.ts';

const HOUR = 3600;
/** By then limits have their values, and it is known what clients send. */
const LEARNED_SECONDS = 9 * HOUR;

export interface Asked {
  readonly ip?: string;
  readonly method?: string;
  readonly path?: string;
  readonly status?: number;
  readonly referer?: string;
  readonly agent?: string;
  /** Bytes of the answer; by default pages differ in it. */
  readonly size?: number;
}

export interface Scene {
  readonly bench: Bench;
  readonly now: number;
}

export const PAGE = 'https://example.org/';

export function line(second: number, asked: Asked): string {
  const { ip = ATTACKER, method = 'GET', path = '/', status = 200, referer = '-', agent = 'Mozilla/5.0' } = asked;
  const size = asked.size ?? (status >= 400 ? 153 : 1000 + (hashText(path) % 50_000));
  return JSON.stringify({
    ...{ msec: `${second}.5`, remote_addr: ip, request: `${method} ${path} HTTP/1.1`, status },
    ...{ body_bytes_sent: size, http_referer: referer, http_user_agent: agent },
  });
}

/** Forty visitors load pages with their files and send a form, one page every `gap` seconds. */
function visits(from: number, seconds: number, gap: number): string[] {
  return Array.from({ length: Math.floor(seconds / gap) }, (_, n) => {
    const visitor = { ip: visitorIp(n % 40), referer: PAGE };
    const asked: Asked[] = [
      { ...visitor, path: `/page/${'abcdefgh'[n % 8]}` },
      ...['/site.css', '/site.js', '/logo.png'].map((path) => ({ ...visitor, path })),
      ...(n % 5 === 0 ? [{ ...visitor, method: 'POST', path: '/search' }] : []),
    ];
    return asked.map((one) => line(from + n * gap, one));
  }).flat();
}

export const DEFAULTS: Overrides = { detection: ENGINE.detection, bans: { max_share: 1 } };

let learned: string | undefined;

function learn(overrides: Overrides): Bench {
  const bench = new Bench(overrides, { staticExtensions: ENGINE_EXTENSIONS });
  bench.feed(...visits(START, LEARNED_SECONDS, 3));
  return bench;
}

const ENGINE_EXTENSIONS = ['css', 'js', 'png', 'woff2', 'tgz'];

/** A site that is past its warm-up. What is learned is learned once. */
export function ready(overrides: Overrides = DEFAULTS): Scene {
  learned ??= JSON.stringify(learn(DEFAULTS).engine.snapshot());
  const bench = new Bench(overrides, { staticExtensions: ENGINE_EXTENSIONS });
  bench.engine.restore(JSON.parse(learned));
  assert.deepEqual(bench.of('ban'), []);
  return { bench, now: START + LEARNED_SECONDS };
}

/** What one client asks, `count` times what `asked` gives, `gap` seconds apart; its first ban. */
export function go(
  scene: Scene,
  count: number,
  gap: number,
  asked: (n: number) => readonly Asked[],
): BanEvent | undefined {
  for (let n = 0; n < count; n++) {
    const one = asked(n).map((request) => line(scene.now + Math.floor(n * gap), request));
    scene.bench.feed(...one);
    const [ban] = scene.bench.of('ban');
    if (ban) return ban;
  }
  return undefined;
}

/** How many rounds of what `asked` gives were answered before the ban; all of them without one. */
export function served(scene: Scene, count: number, gap: number, asked: (n: number) => readonly Asked[]): number {
  for (let n = 0; n < count; n++) {
    scene.bench.feed(...asked(n).map((request) => line(scene.now + Math.floor(n * gap), request)));
    if (scene.bench.of('ban').length > 0) return n;
  }
  return count;
}

/** Names that are no identifiers: a, b … z, ba, bb … */
export const name = (n: number): string =>
  (n < 26 ? '' : name(Math.floor(n / 26))) + String.fromCharCode(97 + (n % 26));

/** A page load, as a browser makes it. */
export const pageLoad = (path = '/page/a', ip = ATTACKER): Asked[] => [
  { ip, path, referer: PAGE },
  ...['/site.css', '/site.js', '/logo.png'].map((file) => ({ ip, path: file, referer: PAGE })),
];
