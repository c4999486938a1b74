/** Whether the fleet's server answers, and whether it is one to rely on. Loaded only where a fleet is configured. */
import type { Config } from '../config/schema.ts';
import { fleetHost, serverOf } from '../daemon/fleet/fleet.ts';
import { countOf } from '../english/number.ts';
import { readHosts } from '../fleet/hosts.ts';
import { findForbidden, measureAhead, readFacts, type ServerFacts } from '../fleet/inspect.ts';
import { Keys } from '../fleet/keys.ts';
import { causeOf } from '../fleet/reply.ts';
import { connectServer } from '../fleet/server.ts';
import { CLOCK_OFF_MS } from '../model/fleet.ts';
import { about, type Finding } from './finding.ts';

const { ok, warn, fail } = about('fleet');
const VERSION_MIN = 7;
/** What a ban takes in the server: its place in the stream, in the set and its entry, measured by test/bench/fleet.ts. */
const BAN_BYTES = 500;
/** The stream's 100,000 entries and some room for counts. */
const MEMORY_MIN = 128 * 1_048_576;
/** What keeps a connection from being made, other than the network. */
const FIXES: readonly (readonly [RegExp, string])[] = [
  // A server without any password answers to its own host alone.
  [/^DENIED/, 'give the default user of the server a password: docs/fleet.md'],
  [/WRONGPASS|NOAUTH/, 'correct the user in fleet.url, or the password in fleet.password_file'],
  [/^(ENOENT|EACCES).* open /, 'correct fleet.password_file or fleet.ca_file: a file that zban may read'],
  [/certificate has expired/, 'renew the certificate of the server'],
  [
    /certificate|altnames/i,
    'fleet.ca_file names the authority of its certificate, fleet.url a host that the certificate is for',
  ],
];
const ROOM = 'maxmemory 128mb there, or more';
const MASTER = 'fleet.url of the master, or of its Sentinels with fleet.master; REPLICAOF NO ONE makes it one';
const RIGHTS = 'docs/fleet.md has the ACL rule';

export async function checkFleet(config: Pick<Config, 'fleet' | 'name'>): Promise<Finding[]> {
  const { fleet } = config;
  if (!fleet) return [];
  let server: Awaited<ReturnType<typeof connectServer>>;
  try {
    server = await connectServer(serverOf(fleet), () => {});
  } catch (error) {
    return [explainAway(causeOf(error))];
  }
  try {
    const keys = new Keys(fleet.name);
    const forbidden = await findForbidden(server, keys);
    if (forbidden?.includes('READONLY')) return [fail('its server is a replica, which takes no writes', MASTER)];
    if (forbidden !== undefined) return [fail(`this user may not do what it must: ${forbidden}`, RIGHTS)];
    const found: Finding[] = [];
    const offMs = await measureAhead(server, keys);
    if (Math.abs(offMs) > CLOCK_OFF_MS) {
      const message = `this host's clock is ${(Math.abs(offMs) / 1000).toFixed(1)} s off the server's`;
      found.push(warn(message, 'timedatectl set-ntp true, on both'));
    }
    const others = (await readHosts(server, keys)).filter(({ host }) => host !== fleetHost(config));
    const live = others.filter((each) => each.live).length;
    if (live === 0) found.push(alone(fleet.name, others.length));
    const facts = await readFacts(server, keys).catch(() => undefined);
    if (facts) found.push(...judge(facts));
    else found.push(warn('the server does not tell this user its version and its memory', `allow INFO: ${RIGHTS}`));
    return found.length > 0 || !facts ? found : [ok(`${countOf(live, 'other host')}; ${describe(facts)}`)];
  } catch (error) {
    return [fail(`its server stopped answering: ${causeOf(error)}`, RIGHTS)];
  } finally {
    server.close();
  }
}

/** Why no connection came about, by what the client library or the server said. */
export function explainAway(cause: string): Finding {
  const [, fix] = FIXES.find(([pattern]) => pattern.test(cause)) ?? [];
  const what = /^(DENIED|WRONGPASS|NOAUTH|NOPERM)/.test(cause) ? 'turns this host away' : 'does not answer';
  return fail(
    `its server ${what}: ${cause}`,
    `${fix ?? 'check fleet.url and the network'}; zban judges alone meanwhile`,
  );
}

/** A wrong name makes a fleet of one. */
function alone(name: string, silent: number): Finding {
  if (silent > 0) {
    const message = `no other host of the fleet ${name} is there; ${countOf(silent, 'host')} went silent within a day`;
    return warn(message, 'zban fleet status shows them; zban status on one of them says what is wrong');
  }
  const message = `no other host of the fleet ${name} was heard of within a day: this host judges alone`;
  return warn(message, 'give all hosts of the fleet the same fleet.url and fleet.name, and reload them');
}

function judge({ software, version, maxmemory, usedMemory, evictionPolicy }: ServerFacts): Finding[] {
  const found: Finding[] = [];
  if (Number(version.split('.')[0]) < VERSION_MIN)
    found.push(fail(`its server is ${software}`, `Redis ${VERSION_MIN}.0 or newer, or Valkey`));
  if (evictionPolicy !== 'noeviction') {
    const message = `its server may throw bans away when its memory is full (maxmemory-policy ${evictionPolicy})`;
    found.push(warn(message, 'set maxmemory-policy noeviction there, or give the fleet a server of its own'));
  }
  if (maxmemory > 0 && usedMemory >= maxmemory && evictionPolicy === 'noeviction')
    found.push(fail(`its server is full (maxmemory ${mebibytes(maxmemory)}) and takes no writes`, ROOM));
  else if (maxmemory > 0 && maxmemory < MEMORY_MIN) {
    const bans = Math.floor(maxmemory / BAN_BYTES / 1000);
    const message = `its server has maxmemory ${mebibytes(maxmemory)}, room for about ${bans},000 bans`;
    found.push(warn(message, ROOM));
  }
  return found;
}

function describe({ software, maxmemory }: ServerFacts): string {
  const room = maxmemory === 0 ? 'no maxmemory' : `maxmemory ${mebibytes(maxmemory)}`;
  return `${software} answers, keeps what is written, ${room}`;
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 1_048_576)} MiB`;
