import type { Sender } from '../access-event.ts';
import { homeIpv4 } from '../addresses.ts';
import type { Random } from '../random.ts';
import { recur, type World } from '../world.ts';
import { senderAt } from './clients.ts';
import { dynamicRequest } from './requests.ts';

/** One person's computer or phone that keeps a folder or a calendar up to date. */
interface Device {
  readonly from: Sender;
  readonly root: string;
  readonly pollMs: number;
  readonly isCalendar: boolean;
}

/** Requests a second of one device that polls, about. */
const DEVICE_RPS = 0.05;
/** Each device finds changed files four times a day. */
const SYNCS_PER_SECOND = 4 / 86_400;

/**
 * Clients of a file server that speaks WebDAV (RFC 4918), as Nextcloud's do: a PROPFIND by the clock, a sign-in that is
 * asked for with 401 now and then, and bursts of hundreds of uploads and downloads when files have changed.
 */
export function runSyncClients(world: World, random: Random, rateRps: number): void {
  const count = Math.round(rateRps / DEVICE_RPS);
  for (let index = 0; index < count; index++) {
    const device = buildDevice(world, random, index);
    poll(world, random, device);
    recur(world, random, SYNCS_PER_SECOND, (timeMs) => syncFiles(world, random, device, timeMs));
  }
}

function buildDevice(world: World, random: Random, index: number): Device {
  const isCalendar = index % 4 === 3;
  const userAgent = isCalendar
    ? 'ExampleDav/4.4 (okhttp) Android/15'
    : random.pick([
        'Mozilla/5.0 (Linux) mirall/3.13.2 (Nextcloud, debian-6.1.0 ClientArchitecture: x86_64 OsArchitecture: x86_64)',
        'Mozilla/5.0 (Android) Nextcloud-android/3.30.0',
      ]);
  return {
    from: senderAt(homeIpv4(60_000 + index), userAgent, world.site.host, 'sync client'),
    root: isCalendar ? `/remote.php/dav/calendars/user${index}/` : `/remote.php/dav/files/user${index}/`,
    pollMs: isCalendar ? 900_000 : 30_000,
    isCalendar,
  };
}

function poll(world: World, random: Random, { from, root, pollMs, isCalendar }: Device): void {
  const next = (timeMs: number): void => {
    if (timeMs >= world.endMs) return;
    world.wake(timeMs, () => {
      const send = (atMs: number, method: string, path: string, status: number, bytes: number): void =>
        world.send(dynamicRequest(random, from, atMs, method, path, status, bytes));
      // A client without a session sends its password only when it is requested.
      if (isCalendar || random.chance(0.02)) send(timeMs, 'PROPFIND', root, 401, 600);
      send(timeMs + 120, 'PROPFIND', root, 207, 900);
      if (isCalendar) for (let n = 0; n < 3; n++) send(timeMs + 300 + n * 90, 'REPORT', `${root}list-${n}/`, 207, 2400);
      else if (random.chance(0.5))
        send(timeMs + 300, 'GET', '/ocs/v2.php/apps/notifications/api/v2/notifications?format=json', 304, 0);
      next(timeMs + pollMs + random.int(-500, 500));
    });
  };
  next(world.startMs + random.int(0, pollMs));
}

/** 5 to 300 files, up to four a second: new folders, uploads, downloads, a few that are gone or locked meanwhile. */
function syncFiles(world: World, random: Random, { from, root, isCalendar }: Device, timeMs: number): void {
  if (isCalendar) return;
  const count = Math.min(300, Math.max(5, Math.round(random.lognormal(25, 1.1))));
  const isUpload = random.chance(0.5);
  const ending = random.pick(['jpg', 'md', 'xlsx', 'flac']);
  const folder = `${root}Photos/${random.hex(6)}`;
  let atMs = timeMs;
  const send = (method: string, path: string, status: number, bytes: number): void => {
    world.send(dynamicRequest(random, from, atMs, method, path, status, bytes));
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
