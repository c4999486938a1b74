/** What the contract suite acts on: a server with a real firewall, a client that sends real packets, a container behind. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { configSchema } from '../../src/config/schema.ts';
import type { EnforcementBackend, KernelBan } from '../../src/enforce/backend.ts';
import { createCommandRunner } from '../../src/enforce/command.ts';
import { exec } from '../../src/enforce/exec.ts';
import { createFilter } from '../../src/enforce/filter.ts';
import { type PickOptions, pickBackend } from '../../src/enforce/pick.ts';
import type { DesiredBans } from '../../src/model/reconcile.ts';
import { BASH } from '../support/bash.ts';
import { createNetwork, type Network, toolSkip } from '../support/netns.ts';
import { DEADLINE_MS } from '../support/until.ts';

export interface Subject {
  readonly backend: 'ipset' | 'nftables' | 'iptables';
  /** Which iptables; also who sets the rules of others beside nftables. */
  readonly variant: '-nft' | '-legacy';
}

/** The defaults, but for what a host may really have. */
export const FIREWALL = configSchema.parse({
  firewall: { command_timeout: `${DEADLINE_MS / 1000}s`, nginx: { file: '/nonexistent/zban.conf' } },
}).firewall;

/** The backend `exec` with these programs. */
export function openExec(apply: [string, ...string[]], list: [string, ...string[]] | undefined, now: () => number) {
  const run = createCommandRunner({ timeoutMs: DEADLINE_MS });
  const log = () => {};
  const filter = createFilter({ run, chain: FIREWALL.chain, lockWaitSeconds: 1, log });
  return exec.open({ settings: { ...FIREWALL, exec: { apply, list } }, run, filter, log, maxActive: 10, now });
}

export const SUBJECTS: readonly Subject[] = [
  { backend: 'ipset', variant: '-nft' },
  { backend: 'ipset', variant: '-legacy' },
  { backend: 'nftables', variant: '-nft' },
  { backend: 'iptables', variant: '-nft' },
  { backend: 'iptables', variant: '-legacy' },
];

export function subjectName({ backend, variant }: Subject): string {
  return backend === 'nftables' ? backend : `${backend} through iptables${variant}`;
}

/** Why a subject cannot be tested here; false when it can. */
export function subjectSkip({ variant }: Subject): string | false {
  return toolSkip('ipset', 'nft', 'perl', `iptables${variant}`, `ip6tables${variant}`);
}

/** Something that others do to the firewall, and how the test clears it up where zban must not. */
export interface Damage {
  readonly name: string;
  readonly damage: () => void;
  readonly undo?: () => void;
}

export interface World {
  readonly network: Network;
  readonly backend: EnforcementBackend;
  readonly leaveOthers: () => Promise<void>;
  readonly firewall: PickOptions;
  readonly logged: string[];
  /** True when the client reaches the port within the deadline; tries again and again. */
  reaches(address: string, port?: number): boolean;
  /** True when zban's rules count the first packet of a connection among those they drop. */
  isDropped(address: string, port?: number): boolean;
  /** Like `isDropped`, and false while the chain is missing. */
  standsAndDrops(address: string): boolean;
  /** Throws unless no rule of others sees a packet before zban's. */
  assertFirst(): void;
  readonly damages: readonly Damage[];
  /** All rules and sets of the server. */
  everything(): string;
  /** Lines of it that are not zban's. */
  foreign(): string[];
  iptables(family: 4 | 6, ...args: readonly string[]): string;
}

export const PORTS = { web: 8080, ssh: 22 } as const;
const LISTEN = `
  const { createServer } = require('node:net');
  const servers = process.argv.slice(1).map((port) => createServer((socket) => {
    socket.on('error', () => {});
    socket.end();
  }).listen(Number(port), '::'));
  Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve)))).then(() => console.log('ready'));
`;

/** Begins a connection and does not wait for it: what is dropped would take the whole time limit. */
const SEND_SYN = `
  my ($to, $port) = @ARGV;
  my $at = $to =~ /:/ ? pack_sockaddr_in6($port, inet_pton(AF_INET6, $to)) : pack_sockaddr_in($port, inet_aton($to));
  socket(my $socket, sockaddr_family($at), SOCK_STREAM | SOCK_NONBLOCK, 0) or die $!;
  connect($socket, $at) or $!{EINPROGRESS} or die $!;
`;
/** A packet to another namespace is there at once; whoever tries again need not wait until a busy machine has counted it. */
const COUNTED_WITHIN_MS = 300;

export async function createWorld({ backend: name, variant }: Subject, maxActive = 1000): Promise<World> {
  const network = createNetwork({ hosts: ['server', 'client', 'container'] });
  for (const host of ['server', 'container']) {
    const ports = [PORTS.web, PORTS.ssh].map(String);
    const child = network.spawn(host, [process.execPath, '-e', LISTEN, ...ports], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (child.stdout) await once(child.stdout, 'data');
  }
  const logged: string[] = [];
  const firewall: PickOptions = {
    settings: { ...FIREWALL, backend: name },
    commandPrefix: network.prefix('server'),
    variant,
    maxActive,
    now: Date.now,
    log: (_level, message) => logged.push(message),
  };
  const { backend, leaveOthers } = await pickBackend(firewall);

  const connect = (address: string, port: number) =>
    network.exec('client', ['timeout', '3', ...BASH, `</dev/tcp/${address}/${port}`]).status;
  const iptables = (family: 4 | 6, ...args: readonly string[]) =>
    network.run('server', [`${family === 4 ? 'iptables' : 'ip6tables'}${variant}`, ...args]);
  const tools: Tools = { network, iptables };
  const kind = name === 'nftables' ? inTable(tools) : inChain(tools);
  const isDropped = (address: string, port: number = PORTS.web, withinMs = DEADLINE_MS): boolean => {
    const family = address.includes(':') ? 6 : 4;
    const before = kind.droppedPackets(family);
    network.run('client', ['perl', '-MSocket=:all', '-e', SEND_SYN, address, `${port}`]);
    const endMs = performance.now() + withinMs;
    do {
      if (kind.droppedPackets(family) > before) return true;
    } while (performance.now() < endMs);
    return false;
  };
  const everything = () =>
    [
      ...([4, 6] as const).map((family) => iptables(family, '-S')),
      network.run('server', ['ipset', 'save']),
      network.run('server', ['nft', '-s', 'list', 'ruleset', 'inet']),
    ].join('\n');
  return {
    network,
    backend,
    leaveOthers,
    firewall,
    logged,
    iptables,
    reaches(address, port = PORTS.web) {
      const endMs = performance.now() + DEADLINE_MS;
      do if (connect(address, port) === 0) return true;
      while (performance.now() < endMs);
      return false;
    },
    isDropped,
    standsAndDrops: (address) => kind.stands() && isDropped(address, PORTS.web, COUNTED_WITHIN_MS),
    assertFirst: kind.assertFirst,
    damages: kind.damages,
    everything,
    foreign: () =>
      everything()
        .replaceAll(/ initval \S+/g, '')
        .split('\n')
        .filter((line) => line !== '' && !/zban/i.test(line)),
  };
}

interface Tools {
  readonly network: Network;
  readonly iptables: World['iptables'];
}

interface Kind extends Pick<World, 'assertFirst' | 'damages'> {
  droppedPackets(family: 4 | 6): number;
  stands(): boolean;
}

const HOOKS = { 4: ['INPUT', 'FORWARD', 'DOCKER-USER'], 6: ['INPUT', 'FORWARD'] } as const;

/** What is peculiar to backends that work in a chain of the filter table. */
function inChain({ iptables }: Tools): Kind {
  return {
    droppedPackets: (family) =>
      iptables(family, '-vnxL', 'ZBAN')
        .split('\n')
        .filter((line) => line.includes('DROP'))
        .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[0]), 0),
    stands: () => iptables(4, '-S').includes('-N ZBAN'),
    assertFirst() {
      for (const family of [4, 6] as const) {
        for (const hook of HOOKS[family]) assert.equal(iptables(family, '-S', hook, '1').trim(), `-A ${hook} -j ZBAN`);
      }
    },
    damages: [
      { name: 'chain flushed', damage: () => iptables(4, '-F', 'ZBAN') },
      { name: 'jump deleted', damage: () => iptables(4, '-D', 'INPUT', '-j', 'ZBAN') },
      {
        name: 'displaced',
        damage: () => iptables(6, '-I', 'INPUT', '-j', 'ACCEPT'),
        undo: () => iptables(6, '-D', 'INPUT', '-j', 'ACCEPT'),
      },
      { name: 'jumps twice', damage: () => iptables(4, '-I', 'INPUT', '-j', 'ZBAN') },
      { name: 'rule put in', damage: () => iptables(4, '-I', 'ZBAN', '-j', 'RETURN') },
      {
        name: 'chain deleted',
        damage: () => {
          for (const hook of HOOKS[4]) iptables(4, '-D', hook, '-j', 'ZBAN');
          iptables(4, '-F', 'ZBAN');
          iptables(4, '-X', 'ZBAN');
        },
      },
    ],
  };
}

/** What is peculiar to a table of zban's own. */
function inTable({ network }: Tools): Kind {
  const list = () => network.run('server', ['nft', '-t', 'list', 'ruleset', 'inet']);
  const rules = (...lines: string[]) => network.run('server', ['nft', '-f', '-'], { input: `${lines.join('\n')}\n` });
  return {
    droppedPackets: (family) =>
      [...list().matchAll(new RegExp(`@ipv${family}_\\d+ counter packets (\\d+) bytes \\d+ drop`, 'g'))].reduce(
        (sum, [, packets]) => sum + Number(packets),
        0,
      ),
    stands: () => list().includes('table inet zban'),
    assertFirst: () =>
      assert.match(list(), /hook prerouting priority (raw|-300); policy accept;\n\t\ttcp dport 22 accept/),
    damages: [
      { name: 'ruleset flushed', damage: () => rules('flush table inet zban') },
      { name: 'table deleted', damage: () => rules('delete table inet zban') },
      { name: 'rule put in', damage: () => rules('insert rule inet zban prerouting accept') },
      { name: 'rule added', damage: () => rules('add rule inet zban prerouting counter') },
      {
        name: 'set deleted',
        damage: () => rules('flush chain inet zban prerouting', 'delete set inet zban ipv4_32'),
      },
      {
        name: 'set of another kind',
        damage: () =>
          rules(
            'flush chain inet zban prerouting',
            'delete set inet zban ipv4_32',
            'add set inet zban ipv4_32 { type ipv6_addr; }',
          ),
      },
      {
        name: 'chain of another hook',
        damage: () =>
          rules(
            'flush chain inet zban prerouting',
            'delete chain inet zban prerouting',
            'add chain inet zban prerouting { type filter hook postrouting priority 0; }',
          ),
      },
      { name: 'policy', damage: () => rules('add chain inet zban prerouting { policy drop; }') },
    ],
  };
}

/** All that a backend lists; `known` is empty unless given. */
export async function listed(backend: EnforcementBackend, known: readonly KernelBan[] = []): Promise<KernelBan[]> {
  const bans: KernelBan[] = [];
  await backend.list((ban) => bans.push(ban), { heldCount: known.length, heldBans: () => known });
  return bans;
}

/** Desired bans as a test sets them; what changed is what differs from the last look. */
export function desiredBans(bans: ReadonlyMap<string, KernelBan>, few?: ReadonlySet<string>): DesiredBans {
  const seen = new Map<string, KernelBan>();
  return {
    all: () => bans.values(),
    find: (target) => bans.get(target)?.untilMs,
    takeChanges(which = 'all') {
      const isMeant = (target: string) => which === 'all' || !few || few.has(target) === (which === 'few');
      const targets = new Set([...seen.keys(), ...bans.keys()]);
      const taken = [...targets].filter((target) => seen.get(target) !== bans.get(target) && isMeant(target));
      for (const target of taken) {
        const ban = bans.get(target);
        if (ban) seen.set(target, ban);
        else seen.delete(target);
      }
      return taken;
    },
  };
}

/** Waits until the condition holds; false at the deadline. */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  deadlineMs = DEADLINE_MS,
): Promise<boolean> {
  const endMs = performance.now() + deadlineMs;
  while (performance.now() < endMs) {
    if (await condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
