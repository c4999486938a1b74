/** Programs and players that fetch many files which hardly anybody else asks for, and name no page before them. */
import { type Actor, ask, fetchFile } from '../actor.ts';
import { homeIpv4 } from '../addresses.ts';
import type { Random } from '../random.ts';
import { recurSessions, repeat, type World } from '../world.ts';
import { atAddress } from './clients.ts';

/** Listeners and viewers watch so many pieces of a film at most. */
const PIECES_MAX = 300;

/** Package managers, build tools and players of films cut into pieces, with the shares of their sessions. */
export function runDownloaders(world: World, random: Random, rateRps: number): void {
  recurSessions(world, random, rateRps, (on, timeMs) => {
    const kind = random.next();
    const [act, userAgent] =
      kind < 0.5
        ? ([upgrade, 'Debian APT-HTTP/1.3 (2.6.1)'] as const)
        : kind < 0.7
          ? ([build, 'Apache-Maven/3.9.6 (Java 21.0.2; Linux)'] as const)
          : ([play, 'AppleCoreMedia/1.0.0.21G93 (iPhone; U)'] as const);
    act(atAddress(on, random, homeIpv4(50_000 + random.int(0, 5000)), userAgent, 'downloader'), timeMs);
  });
}

/** Lists of packages, mostly unchanged, then 0 to 200 of 20,000 packages as fast as the line carries them. */
function upgrade(actor: Actor, timeMs: number): void {
  const { random } = actor;
  let atMs = timeMs;
  for (const list of ['InRelease', 'main/binary-amd64/Packages.xz', 'main/i18n/Translation-en.xz']) {
    const isFresh = random.chance(0.6);
    ask(actor, atMs, 'GET', `/debian/dists/stable/${list}`, isFresh ? 304 : 200, isFresh ? 0 : 120_000);
    atMs += random.int(50, 400);
  }
  const count = random.chance(0.4) ? 0 : Math.min(200, Math.round(random.lognormal(15, 1.2)));
  for (let left = count; left > 0; left--) {
    const name = `lib${random.hex(3)}`;
    const path = `/debian/pool/main/l/${name}/${name}_${random.int(1, 4)}.${random.int(0, 9)}-1_amd64.deb`;
    fetchFile(actor, atMs, { path, bytes: Math.round(random.lognormal(90_000, 1.3)) });
    atMs += random.int(60, 900);
  }
}

/** A build asks every repository it knows for every library: a sixth of them are elsewhere, 404. */
function build(actor: Actor, timeMs: number): void {
  const { random } = actor;
  let atMs = timeMs;
  for (let left = random.int(5, 60); left > 0; left--) {
    const name = `${random.pick(['core', 'json', 'log', 'http'])}-${random.hex(2)}`;
    const path = `/maven/org/example/${name}/${random.int(1, 5)}.0/${name}`;
    const isHere = random.chance(5 / 6);
    for (const ending of isHere ? ['pom', 'pom.sha1', 'jar', 'jar.sha1'] : ['pom']) {
      ask(actor, atMs, 'GET', `${path}.${ending}`, isHere ? 200 : 404, 4200);
      atMs += random.int(40, 300);
    }
  }
}

/** A playlist, then a piece of six seconds every six seconds, a dozen at once when the viewer jumps. */
function play(actor: Actor, timeMs: number): void {
  const { world, random } = actor;
  const film = `/media/films/${random.int(1, 400)}`;
  ask(actor, timeMs, 'GET', `${film}/master.m3u8`, 200, 900);
  let left = Math.min(PIECES_MAX, Math.round(random.lognormal(60, 1)));
  let piece = 0;
  repeat(world, timeMs + 200, (atMs) => {
    const path = `${film}/720p/seg-${String(piece++).padStart(5, '0')}.ts`;
    fetchFile(actor, atMs, { path, bytes: 1_400_000 });
    if (--left <= 0) return undefined;
    if (random.chance(0.01)) piece += 40;
    return atMs + (piece < 6 || random.chance(0.1) ? random.int(200, 900) : 6000);
  });
}
