import type { Sender } from '../access-event.ts';
import type { Random } from '../random.ts';
import type { Page } from '../site.ts';
import { meanRequests, recur, type World } from '../world.ts';
import { type HomeClient, homeClients, homeSender, sharedSender } from './clients.ts';
import { assetRequest, dynamicRequest } from './requests.ts';

interface Visit {
  readonly from: Sender;
  readonly pageSpreadMs: number;
  readonly seen: Set<Page>;
  /** The browser holds the theme's files, from an earlier visit or an earlier page of this one. */
  holdsTheme: 'no' | 'stale' | 'fresh';
  pagesLeft: number;
  referer: string;
}

/** People who read and shop: pages with bursts of files, thinking time between them, most of them on their own address. */
export function runVisitors(world: World, random: Random, rateRps: number): void {
  const clients = homeClients(random, rateRps);
  const { host } = world.site;
  const visitHome = (on: World, timeMs: number): void => {
    const home = random.pick(clients);
    visit(on, random, homeSender(random, home, host), home, timeMs);
  };
  const visitsPerSecond = rateRps / meanRequests(world, (trial) => visitHome(trial, world.startMs));
  recur(world, random, visitsPerSecond * 0.94, (timeMs) => visitHome(world, timeMs));
  recur(world, random, visitsPerSecond * 0.06, (timeMs) =>
    visit(world, random, sharedSender(random, 'carrier', host), random.pick(clients), timeMs),
  );
}

/** One visit; a `landing` page is where a link in a letter leads to, and the browser names no page before it. */
export function visit(
  world: World,
  random: Random,
  from: Sender,
  home: HomeClient,
  timeMs: number,
  landing?: Page,
): void {
  const state: Visit = {
    from,
    pageSpreadMs: home.pageSpreadMs,
    seen: new Set(),
    holdsTheme: home.knowsSite ? 'stale' : 'no',
    pagesLeft: Math.min(40, Math.max(1, Math.round(random.lognormal(2, 0.9)))),
    referer: !landing && random.chance(0.5) ? 'https://search.example.net/' : '',
  };
  if (random.chance(0.03)) state.pagesLeft += 2 * logIn(world, random, from, timeMs);
  const browse = (atMs: number): void => {
    openPage(world, random, state, atMs, state.seen.size === 0 ? landing : undefined);
    if (--state.pagesLeft <= 0) return;
    const nextMs = atMs + 1500 + Math.round(random.lognormal(22_000, 1));
    world.wake(nextMs, () => browse(nextMs));
  };
  home.knowsSite = true;
  browse(timeMs);
}

/** One page with its files, for somebody who has never been here. */
export function loadPage(world: World, random: Random, from: Sender, timeMs: number): void {
  openPage(
    world,
    random,
    { from, pageSpreadMs: 1800, seen: new Set(), holdsTheme: 'no', pagesLeft: 1, referer: '' },
    timeMs,
  );
}

function openPage(world: World, random: Random, visit: Visit, timeMs: number, landing?: Page): void {
  const { site } = world;
  const page = landing ?? site.pages[site.popularity.draw(random)];
  if (!page) throw new RangeError('the site has no such page');
  const { from } = visit;
  const referer = `https://${site.host}${page.path}`;
  if (random.chance(0.01))
    world.send(dynamicRequest(random, from, timeMs, 'GET', page.path.replace(/\/?$/, '//'), 301, 162, visit.referer));
  world.send(dynamicRequest(random, from, timeMs, 'GET', page.path, 200, page.bytes, visit.referer));
  // Style sheets and scripts come first and together, pictures follow as the page takes shape.
  let fileMs = timeMs + random.int(60, 300);
  for (const asset of site.theme) {
    if (visit.holdsTheme === 'fresh' || (visit.holdsTheme === 'stale' && random.chance(0.5))) continue;
    world.send(assetRequest(random, from, fileMs, asset, visit.holdsTheme === 'stale' ? 304 : 200, referer));
    fileMs += random.int(0, 60);
  }
  visit.holdsTheme = 'fresh';
  if (page.missing !== undefined)
    world.send(dynamicRequest(random, from, fileMs, 'GET', page.missing, 404, 548, referer));
  if (!visit.seen.has(page)) {
    const gapMs = visit.pageSpreadMs / page.images.length;
    for (const image of page.images) {
      fileMs += Math.round(random.between(0, 2 * gapMs));
      world.send(assetRequest(random, from, fileMs, image, random.chance(0.06) ? 304 : 200, referer));
    }
    if (page.film) watchFilm(world, random, from, page.film.path, page.film.bytes, fileMs, referer);
  }
  for (const call of page.calls) {
    const [method = 'GET', path = '/'] = call.split(' ');
    fileMs += random.int(100, 900);
    world.send(dynamicRequest(random, from, fileMs, method, path, 200, random.int(20, 900), referer));
  }
  visit.seen.add(page);
  visit.referer = referer;
}

function watchFilm(
  world: World,
  random: Random,
  from: Sender,
  path: string,
  bytes: number,
  timeMs: number,
  referer: string,
): void {
  const pieces = random.int(1, 12);
  for (let piece = 0; piece < pieces; piece++)
    world.send(
      assetRequest(random, from, timeMs + piece * 4000, { path, bytes: Math.round(bytes / 12) }, 206, referer),
    );
}

/** Signs a customer in, one in four with a wrong password first. Returns how many attempts it took. */
function logIn(world: World, random: Random, from: Sender, timeMs: number): number {
  const referer = `https://${world.site.host}/account/login`;
  let attempts = 0;
  let atMs = timeMs;
  world.send(dynamicRequest(random, from, atMs, 'GET', '/account/login', 200, 6100));
  let isWrong = true;
  while (isWrong) {
    attempts++;
    atMs += 4000 + Math.round(random.exponential(9000));
    isWrong = attempts < 4 && random.chance(0.25);
    world.send(
      dynamicRequest(random, from, atMs, 'POST', '/account/login', isWrong ? 401 : 302, isWrong ? 6300 : 0, referer),
    );
  }
  return attempts;
}
