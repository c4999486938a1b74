/** Addresses that must never be banned, because this host or its operators live behind them. */
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { formatPrefix, parsePrefix, type Reasoned } from '../net/prefix.ts';
import { SPECIAL_NETWORKS } from '../net/special.ts';
import { type Connection, type Gateway, parseConnections, parseIpv4Gateways, parseIpv6Gateways } from './proc-net.ts';
import type { SshSessions } from './ssh-sessions.ts';

export interface ProtectedOptions {
  /** Local ports of sshd: `firewall.protect_ports`. */
  readonly sshPorts: readonly number[];
  /** Leaves out connections to these ports on which nobody has logged in; without it all count. */
  readonly sessions?: SshSessions;
  /** SSH_CONNECTION of the caller, if he came by SSH (ssh(1)). */
  readonly sshConnection?: string | undefined;
  /** Where the kernel's tables are; /proc/net where not given. */
  readonly procNet?: string;
}

const ABSENT: ReadonlySet<string | undefined> = new Set(['ENOENT', 'EACCES', 'EPERM']);

/**
 * Networks of no client, own addresses, default gateways and the peers of live SSH sessions as of now, each once. A table that the
 * kernel does not have (no IPv6) or show counts as empty. Rejects with a system error where one cannot be read now: nobody must look
 * unprotected for want of a file descriptor.
 */
export async function findProtectedAddresses(options: ProtectedOptions): Promise<Reasoned[]> {
  const { sshPorts, sessions, sshConnection, procNet = '/proc/net' } = options;
  const read = (name: string) =>
    readFile(join(procNet, name), 'latin1').catch((error: NodeJS.ErrnoException) => {
      if (ABSENT.has(error.code)) return '';
      throw error;
    });
  const [route, ipv6Route, tcp, tcp6] = await Promise.all(['route', 'ipv6_route', 'tcp', 'tcp6'].map(read));
  const ofGateway = ({ prefix, interfaceName }: Gateway) => ({ prefix, reason: `default gateway (${interfaceName})` });
  const ofPeer = ({ local, remote }: Connection) => ({
    prefix: remote,
    reason: `peer of a live SSH session (port ${local})`,
  });
  const peers = [tcp, tcp6].flatMap((text = '') => parseConnections(text, sshPorts));
  const found: Reasoned[] = [
    ...SPECIAL_NETWORKS,
    ...ownAddresses(),
    ...parseIpv4Gateways(route ?? '').map(ofGateway),
    ...parseIpv6Gateways(ipv6Route ?? '').map(ofGateway),
    ...(sessions ? sessions.select(peers) : peers).map(ofPeer),
    ...callerOf(sshConnection),
  ];
  const unique = new Map<string, Reasoned>();
  for (const address of found) {
    const text = formatPrefix(address.prefix);
    if (!unique.has(text)) unique.set(text, address);
  }
  return [...unique.values()];
}

function ownAddresses(): Reasoned[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses = []]) =>
    addresses.flatMap(({ address }) => {
      const prefix = parsePrefix(address.replace(/%.*$/, ''));
      return prefix ? [{ prefix, reason: `own address (${name})` }] : [];
    }),
  );
}

/** `client address, client port, server address, server port`. */
function callerOf(sshConnection: string | undefined): Reasoned[] {
  const prefix = parsePrefix(sshConnection?.split(' ')[0]?.replace(/%.*$/, '') ?? '');
  return prefix ? [{ prefix, reason: 'the SSH session zban was started from' }] : [];
}
