import { type Actor, ask } from '../actor.ts';
import { homeIpv4 } from '../addresses.ts';
import type { Random } from '../random.ts';
import { beat, recur, type World } from '../world.ts';
import { atAddress } from './clients.ts';

/** Requests a second of one device that polls, about. */
const DEVICE_RPS = 0.05;
/** Each device finds changed files four times a day. */
const SYNCS_PER_SECOND = 4 / 86_400;
/** Milliseconds by which a device is early or late. */
const JITTER_MS = 500;
const NOTIFICATIONS = '/ocs/v2.php/apps/notifications/api/v2/notifications?format=json';

/**
 * Clients of a file server that speaks WebDAV (RFC 4918), as Nextcloud's do: a PROPFIND by the clock, a sign-in that is
 * asked for with 401 now and then, and bursts of hundreds of uploads and downloads when files have changed. Every fourth
 * keeps a calendar up to date, the others a folder.
 */
export function runSyncClients(world: World, random: Random, rateRps: number): void {
  const count = Math.round(rateRps / DEVICE_RPS);
  for (let index = 0; index < count; index++) {
    const isCalendar = index % 4 === 3;
    const root = `/remote.php/dav/${isCalendar ? 'calendars' : 'files'}/user${index}/`;
    const userAgent = isCalendar
      ? 'ExampleDav/4.4 (okhttp) Android/15'
      : random.pick([
          'Mozilla/5.0 (Linux) mirall/3.13.2 (Nextcloud, debian-6.1.0 ClientArchitecture: x86_64 OsArchitecture: x86_64)',
          'Mozilla/5.0 (Android) Nextcloud-android/3.30.0',
        ]);
    const device = atAddress(world, random, homeIpv4(60_000 + index), userAgent, 'sync client');
    beat(world, random, isCalendar ? 900_000 : 30_000, JITTER_MS, (timeMs) => poll(device, root, isCalendar, timeMs));
    recur(world, random, SYNCS_PER_SECOND, (timeMs) => {
      if (!isCalendar) syncFiles(device, root, timeMs);
    });
  }
}

function poll(device: Actor, root: string, isCalendar: boolean, timeMs: number): void {
  const { random } = device;
  // A client without a session sends its password only when it is requested.
  if (isCalendar || random.chance(0.02)) ask(device, timeMs, 'PROPFIND', root, 401, 600);
  ask(device, timeMs + 120, 'PROPFIND', root, 207, 900);
  if (isCalendar) {
    for (let n = 0; n < 3; n++) ask(device, timeMs + 300 + n * 90, 'REPORT', `${root}list-${n}/`, 207, 2400);
  } else if (random.chance(0.5)) ask(device, timeMs + 300, 'GET', NOTIFICATIONS, 304, 0);
}

/** 5 to 300 files, up to four a second: new folders, uploads, downloads, a few that are gone or locked meanwhile. */
function syncFiles(device: Actor, root: string, timeMs: number): void {
  const { random } = device;
  const count = Math.min(300, Math.max(5, Math.round(random.lognormal(25, 1.1))));
  const isUpload = random.chance(0.5);
  const ending = random.pick(['jpg', 'md', 'xlsx', 'flac']);
  const folder = `${root}Photos/${random.hex(6)}`;
  let atMs = timeMs;
  const send = (method: string, path: string, status: number, bytes: number): void => {
    ask(device, atMs, method, path, status, bytes);
    atMs += 250 + Math.round(random.exponential(250));
  };
  if (isUpload) send('MKCOL', folder, random.chance(0.2) ? 405 : 201, 0);
  for (let file = 0; file < count; file++) {
    const path = `${folder}/${random.pick(['IMG_', 'report-', 'note-'])}${random.int(1000, 9999)}.${ending}`;
    const luck = random.next();
    if (isUpload) send('PUT', path, luck < 0.02 ? 423 : 201, 0);
    else send('GET', path, luck < 0.02 ? 404 : 200, Math.round(random.lognormal(900_000, 1)));
  }
  send('PROPFIND', root, 207, 900);
}
