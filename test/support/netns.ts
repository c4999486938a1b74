/**
 * Small networks of namespaces for tests against the real kernel: hosts around a router, each with IPv4 and IPv6, nothing
 * of it visible to the machine's own network.
 *
 *     const network = createNetwork({ hosts: ['server', 'client', 'container'] });
 *     t.after(() => network.close());
 *     network.exec('client', ['curl', `http://${network.address('server', 'client')}/`]);
 *
 * The first host is the hub: it forwards between the others, each on a link of its own:
 *
 *     client 192.0.2.2, 2001:db8:1::2 ── 192.0.2.1, 2001:db8:1::1 server 198.51.100.1, 2001:db8:2::1 ── 198.51.100.2, … container
 */
import assert from 'node:assert/strict';
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { DEADLINE_MS } from './until.ts';

/** Documentation ranges (RFC 5737), one /24 for each link; hence at most three hosts besides the hub. */
const IPV4_LINKS = ['192.0.2', '198.51.100', '203.0.113'] as const;

export interface ExecResult {
  /** Exit status; null when it was killed, by the time limit for example. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Network {
  /** Name of a host's namespace, as for `ip netns exec`. */
  namespace(host: string): string;
  /** Puts a command into a host: `[...network.prefix('server'), 'iptables', '-S']`. */
  prefix(host: string): readonly string[];
  /** A host's address; `link` names the peer whose link is meant and is needed for the hub only. */
  address(host: string, link?: string, family?: 4 | 6): string;
  /** Runs a command to its end, at most 30 s. Never throws for its exit status. */
  exec(host: string, argv: readonly string[], options?: { input?: string }): ExecResult;
  /** Like `exec`, and throws unless it ends with status 0. Returns its standard output. */
  run(host: string, argv: readonly string[], options?: { input?: string }): string;
  /** Starts a command; `close` kills it if it still runs. */
  spawn(host: string, argv: readonly string[], options?: SpawnOptions): ChildProcess;
  /**
   * Throws unless an echo comes back to a host from this address (ping(8)), or none does. One that must come may take as long as
   * a slow machine needs; one that must not is waited for no longer than a quick one takes.
   */
  assertEcho(host: string, address: string, comes: boolean, message?: string): void;
  /** Ends what was started here and takes the namespaces away. */
  close(): Promise<void>;
}

/** Why tests with namespaces cannot run here, for `{ skip: rootSkip() }`; false when they can. */
export function rootSkip(): string | false {
  if (process.getuid?.() !== 0) return 'needs root (network namespaces, iptables)';
  if (spawnSync('ip', ['-V']).error) return 'needs the ip tool (apt-get install iproute2)';
  const probe = spawnSync('unshare', ['--net', 'true'], { encoding: 'utf8' });
  return probe.status === 0 ? false : `may not make network namespaces: ${probe.stderr?.trim()}`;
}

/** Why tests that need one of these tools cannot run here; false when they can. */
export function toolSkip(...tools: readonly string[]): string | false {
  const { PATH = '' } = process.env;
  const path = `${PATH}:/usr/sbin:/sbin`;
  const missing = tools.filter((tool) => spawnSync(tool, ['--version'], { env: { PATH: path } }).error);
  return missing.length > 0 ? `needs ${missing.join(', ')}` : rootSkip();
}

function command(tool: string, args: readonly string[], input = ''): void {
  const { status, stderr } = spawnSync(tool, args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')}: ${stderr.trim()}\n${input}`);
}

/** Commands of ip(8) in one process, in a namespace or outside of all. */
function ip(namespace: string | undefined, commands: readonly string[]): void {
  command('ip', [...(namespace ? ['-n', namespace] : []), '-batch', '-'], commands.map((line) => `${line}\n`).join(''));
}

/** `ip netns exec` would mount a /sys as well, which nobody here reads, for every command. */
function prefixOf(namespace: string): string[] {
  return ['nsenter', `--net=/run/netns/${namespace}`];
}

/** Makes the namespaces and links; throws, leaving nothing behind, when the kernel refuses. */
export function createNetwork({ hosts }: { readonly hosts: readonly [string, ...string[]] }): Network {
  const [hub, ...peers] = hosts;
  if (peers.length > IPV4_LINKS.length) throw new Error(`at most ${IPV4_LINKS.length} hosts besides the hub`);
  const id = randomBytes(4).toString('hex');
  const made: string[] = [];
  const children = new Set<ChildProcess>();
  const namespace = (host: string) => {
    if (!hosts.includes(host)) throw new Error(`no host ${host}`);
    return `zban-${id}-${host}`;
  };
  const removeAll = () => {
    for (const child of children) child.kill('SIGKILL');
    for (const name of made.splice(0)) spawnSync('ip', ['netns', 'del', name]);
    process.off('exit', removeAll);
  };
  // Also after a test that crashed.
  process.once('exit', removeAll);
  try {
    for (const host of hosts) {
      made.push(namespace(host));
      ip(undefined, [`netns add ${namespace(host)}`]);
      // Without duplicate address detection IPv6 addresses work at once.
      const settings = ['net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.all.accept_dad=0'];
      if (host === hub) settings.push('net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1');
      const [tool = '', ...args] = prefixOf(namespace(host));
      command(tool, [...args, 'sysctl', '-qw', ...settings]);
    }
    const links = peers.map((peer, index) => linkOf(namespace(peer), peer, index));
    ip(namespace(hub), ['link set lo up', ...links.flatMap((link) => link.hub)]);
    for (const [index, peer] of peers.entries()) ip(namespace(peer), ['link set lo up', ...(links[index]?.peer ?? [])]);
  } catch (error) {
    removeAll();
    throw error;
  }

  const network: Network = {
    namespace,
    prefix: (host) => prefixOf(namespace(host)),
    address(host, via, family = 4) {
      const index = peers.indexOf(host === hub ? (via ?? '') : host);
      if (index < 0) throw new Error(`no link of ${host} to ${via}`);
      const last = host === hub ? 1 : 2;
      return family === 4 ? `${IPV4_LINKS[index]}.${last}` : `2001:db8:${index + 1}::${last}`;
    },
    exec(host, argv, { input = '' } = {}) {
      const [tool = '', ...args] = [...network.prefix(host), ...argv];
      const options = {
        input,
        timeout: DEADLINE_MS,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        killSignal: 'SIGKILL',
      } as const;
      const { status, stdout, stderr, error } = spawnSync(tool, args, options);
      return { status, stdout: stdout ?? '', stderr: (stderr ?? '') + (status === null && error ? error.message : '') };
    },
    run(host, argv, options) {
      const { status, stdout, stderr } = network.exec(host, argv, options);
      if (status !== 0) throw new Error(`${argv.join(' ')} on ${host} ended with ${status}: ${stderr.trim()}`);
      return stdout;
    },
    spawn(host, argv, options = {}) {
      const [tool = '', ...args] = [...network.prefix(host), ...argv];
      const child = spawn(tool, args, options);
      children.add(child);
      child.once('exit', () => children.delete(child));
      return child;
    },
    assertEcho(host, address, comes, message) {
      const { status } = network.exec(host, ['ping', '-c', '1', '-W', comes ? '25' : '0.3', address]);
      assert.equal(status === 0, comes, message);
    },
    async close() {
      const ends = [...children].map((child) => new Promise((resolve) => child.once('exit', resolve)));
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(ends);
      removeAll();
    },
  };
  return network;
}

/** Commands for the hub and for the peer, in this order. */
function linkOf(namespace: string, name: string, index: number): { hub: string[]; peer: string[] } {
  const device = `to-${name}`.slice(0, 15);
  const [v4, v6] = [IPV4_LINKS[index], `2001:db8:${index + 1}::`];
  const bringUp = (device: string, last: number): string[] => [
    `addr add ${v4}.${last}/24 dev ${device}`,
    `addr add ${v6}${last}/64 dev ${device} nodad`,
    `link set ${device} up`,
  ];
  return {
    hub: [`link add ${device} type veth peer name eth0 netns ${namespace}`, ...bringUp(device, 1)],
    peer: [...bringUp('eth0', 2), `route add default via ${v4}.1`, `route add default via ${v6}1`],
  };
}
