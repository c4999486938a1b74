import { type Actor, ask, fetchFile } from '../actor.ts';
import type { Random } from '../random.ts';
import type { Page } from '../site.ts';
import { meanRequests, recur, repeat, type World } from '../world.ts';
import { atGateway, atHome, type HomeClient, homeClients } from './clients.ts';

interface Visit extends Actor {
  readonly pageSpreadMs: number;
  readonly seen: Set<Page>;
  /** The browser holds the theme's files, from an earlier visit or an earlier page of this one. */
  holdsTheme: 'no' | 'stale' | 'fresh';
  referer: string;
}

/** People who read and shop: pages with bursts of files, thinking time between them, most of them on their own address. */
export function runVisitors(world: World, random: Random, rateRps: number): void {
  const clients = homeClients(random, rateRps);
  const visitHome = (on: World, timeMs: number): void => {
    const home = random.pick(clients);
    visit(atHome(on, random, home), home, timeMs);
  };
  const visitsPerSecond = rateRps / meanRequests(world, (trial) => visitHome(trial, world.startMs));
  recur(world, random, visitsPerSecond * 0.94, (timeMs) => visitHome(world, timeMs));
  recur(world, random, visitsPerSecond * 0.06, (timeMs) =>
    visit(atGateway(world, random, 'carrier'), random.pick(clients), timeMs),
  );
}

/** One visit; a `landing` page is where a link in a letter leads to, and the browser names no page before it. */
export function visit(visitor: Actor, home: HomeClient, timeMs: number, landing?: Page): void {
  const { world, random } = visitor;
  let pagesLeft = Math.min(40, Math.max(1, Math.round(random.lognormal(2, 0.9))));
  const state: Visit = {
    ...visitor,
    pageSpreadMs: home.pageSpreadMs,
    seen: new Set(),
    holdsTheme: home.knowsSite ? 'stale' : 'no',
    referer: !landing && random.chance(0.5) ? 'https://search.example.net/' : '',
  };
  if (random.chance(0.03)) pagesLeft += 2 * logIn(visitor, timeMs);
  home.knowsSite = true;
  repeat(world, timeMs, (atMs) => {
    openPage(state, atMs, state.seen.size === 0 ? landing : undefined);
    return --pagesLeft <= 0 ? undefined : atMs + 1500 + Math.round(random.lognormal(22_000, 1));
  });
}

/** One page with its files, for somebody who has never been here. */
export function loadPage(visitor: Actor, timeMs: number): void {
  openPage({ ...visitor, pageSpreadMs: 1800, seen: new Set(), holdsTheme: 'no', referer: '' }, timeMs);
}

function openPage(visit: Visit, timeMs: number, landing?: Page): void {
  const { random } = visit;
  const { site } = visit.world;
  const page = landing ?? site.pages[site.popularity.draw(random)];
  if (!page) throw new RangeError('the site has no such page');
  const referer = `https://${site.host}${page.path}`;
  if (random.chance(0.01)) ask(visit, timeMs, 'GET', page.path.replace(/\/?$/, '//'), 301, 162, visit.referer);
  ask(visit, timeMs, 'GET', page.path, 200, page.bytes, visit.referer);
  // Style sheets and scripts come first and together, pictures follow as the page takes shape.
  let fileMs = timeMs + random.int(60, 300);
  for (const asset of site.theme) {
    if (visit.holdsTheme === 'fresh' || (visit.holdsTheme === 'stale' && random.chance(0.5))) continue;
    fetchFile(visit, fileMs, asset, visit.holdsTheme === 'stale' ? 304 : 200, referer);
    fileMs += random.int(0, 60);
  }
  visit.holdsTheme = 'fresh';
  if (page.missing !== undefined) ask(visit, fileMs, 'GET', page.missing, 404, 548, referer);
  if (!visit.seen.has(page)) {
    const gapMs = visit.pageSpreadMs / page.images.length;
    for (const image of page.images) {
      fileMs += Math.round(random.between(0, 2 * gapMs));
      fetchFile(visit, fileMs, image, random.chance(0.06) ? 304 : 200, referer);
    }
    if (page.film) {
      const piece = { path: page.film.path, bytes: Math.round(page.film.bytes / 12) };
      const pieces = random.int(1, 12);
      for (let index = 0; index < pieces; index++) fetchFile(visit, fileMs + index * 4000, piece, 206, referer);
    }
  }
  for (const call of page.calls) {
    const [method = 'GET', path = '/'] = call.split(' ');
    fileMs += random.int(100, 900);
    ask(visit, fileMs, method, path, 200, random.int(20, 900), referer);
  }
  visit.seen.add(page);
  visit.referer = referer;
}

/** Signs a customer in, one in four with a wrong password first. Returns how many attempts it took. */
function logIn(visitor: Actor, timeMs: number): number {
  const { world, random } = visitor;
  const path = '/account/login';
  const referer = `https://${world.site.host}${path}`;
  let attempts = 0;
  let atMs = timeMs;
  ask(visitor, atMs, 'GET', path, 200, 6100);
  let isWrong = true;
  while (isWrong) {
    attempts++;
    atMs += 4000 + Math.round(random.exponential(9000));
    isWrong = attempts < 4 && random.chance(0.25);
    ask(visitor, atMs, 'POST', path, isWrong ? 401 : 302, isWrong ? 6300 : 0, referer);
  }
  return attempts;
}
