/** Programs and players that fetch many files which hardly anybody else asks for, and name no page before them. */
import type { Sender } from '../access-event.ts';
import { homeIpv4 } from '../addresses.ts';
import type { Random } from '../random.ts';
import { recurSessions, type World } from '../world.ts';
import { senderAt } from './clients.ts';
import { assetRequest, dynamicRequest } from './requests.ts';

/** Listeners and viewers watch so many pieces of a film at most. */
const PIECES_MAX = 300;

/** Package managers, build tools and players of films cut into pieces, with the shares of their sessions. */
export function runDownloaders(world: World, random: Random, rateRps: number): void {
  recurSessions(world, random, rateRps, (on, timeMs) => {
    const kind = random.next();
    if (kind < 0.5) upgrade(on, random, downloader(on, random, 'Debian APT-HTTP/1.3 (2.6.1)'), timeMs);
    else if (kind < 0.7) build(on, random, downloader(on, random, 'Apache-Maven/3.9.6 (Java 21.0.2; Linux)'), timeMs);
    else play(on, random, downloader(on, random, 'AppleCoreMedia/1.0.0.21G93 (iPhone; U)'), timeMs);
  });
}

function downloader(world: World, random: Random, userAgent: string): Sender {
  return senderAt(homeIpv4(50_000 + random.int(0, 5000)), userAgent, world.site.host, 'downloader');
}

/** Lists of packages, mostly unchanged, then 0 to 200 of 20,000 packages as fast as the line carries them. */
function upgrade(world: World, random: Random, from: Sender, timeMs: number): void {
  let atMs = timeMs;
  for (const list of ['InRelease', 'main/binary-amd64/Packages.xz', 'main/i18n/Translation-en.xz']) {
    const isFresh = random.chance(0.6);
    const path = `/debian/dists/stable/${list}`;
    world.send(dynamicRequest(random, from, atMs, 'GET', path, isFresh ? 304 : 200, isFresh ? 0 : 120_000));
    atMs += random.int(50, 400);
  }
  const count = random.chance(0.4) ? 0 : Math.min(200, Math.round(random.lognormal(15, 1.2)));
  for (let left = count; left > 0; left--) {
    const name = `lib${random.hex(3)}`;
    const path = `/debian/pool/main/l/${name}/${name}_${random.int(1, 4)}.${random.int(0, 9)}-1_amd64.deb`;
    world.send(assetRequest(random, from, atMs, { path, bytes: Math.round(random.lognormal(90_000, 1.3)) }, 200, ''));
    atMs += random.int(60, 900);
  }
}

/** A build asks every repository it knows for every library: a sixth of them are elsewhere, 404. */
function build(world: World, random: Random, from: Sender, timeMs: number): void {
  let atMs = timeMs;
  for (let left = random.int(5, 60); left > 0; left--) {
    const name = `${random.pick(['core', 'json', 'log', 'http'])}-${random.hex(2)}`;
    const path = `/maven/org/example/${name}/${random.int(1, 5)}.0/${name}`;
    const isHere = random.chance(5 / 6);
    for (const ending of isHere ? ['pom', 'pom.sha1', 'jar', 'jar.sha1'] : ['pom']) {
      world.send(dynamicRequest(random, from, atMs, 'GET', `${path}.${ending}`, isHere ? 200 : 404, 4200));
      atMs += random.int(40, 300);
    }
  }
}

/** A playlist, then a piece of six seconds every six seconds, a dozen at once when the viewer jumps. */
function play(world: World, random: Random, from: Sender, timeMs: number): void {
  const film = `/media/films/${random.int(1, 400)}`;
  world.send(dynamicRequest(random, from, timeMs, 'GET', `${film}/master.m3u8`, 200, 900));
  let left = Math.min(PIECES_MAX, Math.round(random.lognormal(60, 1)));
  let piece = 0;
  const watch = (atMs: number): void => {
    const path = `${film}/720p/seg-${String(piece++).padStart(5, '0')}.ts`;
    world.send(assetRequest(random, from, atMs, { path, bytes: 1_400_000 }, 200, ''));
    if (--left <= 0) return;
    if (random.chance(0.01)) piece += 40;
    const nextMs = atMs + (piece < 6 || random.chance(0.1) ? random.int(200, 900) : 6000);
    world.wake(nextMs, () => watch(nextMs));
  };
  watch(timeMs + 200);
}
