/**
 * Who asks: the kernel notes the user of both ends of a unix socket when they connect (SO_PEERCRED, unix(7)). Node.js has no
 * call for it, and zban has no addon of its own, so perl, which every Debian and Ubuntu has (perl-base is essential), asks
 * for it on the connection that it inherits.
 *
 * Refused: `ss -xp` and /proc/PID/fd, which show other users' processes to root alone; a file that the client creates, whose
 * owner shows who moved it there as little as who made it, and for which there is no folder that all operators can write.
 */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { isNumber, isObject } from '../model/shape.ts';

export interface Peer {
  readonly uid: number;
  /** Undefined where the password database has no entry for it. */
  readonly name: string | undefined;
}

const PERL = '/usr/bin/perl';
/** The descriptor under which perl gets the connection. Not 0 to 2: libuv makes those block, for this process too. */
const DESCRIPTOR = 3;
/** SOL_SOCKET and SO_PEERCRED of asm-generic/socket.h, which x86-64 and arm64 use; struct ucred is pid, uid, gid. */
const SCRIPT = `open(my $peer, "+<&=", ${DESCRIPTOR}) or exit 1;
my (undef, $uid) = unpack("iI", getsockopt($peer, 1, 17) || exit 1);
print join(" ", $uid, getpwuid($uid) // ());`;
const TIMEOUT_MS = 2000;

/** Node.js has no other way to a socket's file descriptor. */
const hasDescriptor = isObject({ _handle: isObject({ fd: isNumber }) });

/** Resolves to the user at the other end; undefined where that cannot be found out. */
export async function findPeer(socket: Socket): Promise<Peer | undefined> {
  // Handed on as a number: a stream that becomes a child's is no longer read here.
  if (!hasDescriptor(socket) || socket._handle.fd < 0) return undefined;
  const { fd } = socket._handle;
  const answer = await new Promise<string>((resolve) => {
    const stdio = ['ignore', 'pipe', 'ignore', fd] as const;
    const child = spawn(PERL, ['-e', SCRIPT], {
      stdio: [...stdio],
      env: {},
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (some: string) => {
      text += some;
    });
    child.on('error', () => resolve(''));
    child.on('close', (code) => resolve(code === 0 ? text : ''));
  });
  const [uid, name] = /^(\d+)(?: (.+))?$/.exec(answer)?.slice(1) ?? [];
  return uid === undefined ? undefined : { uid: Number(uid), name };
}

/**
 * The name for the audit trail. Root says for whom it acts (sudo's SUDO_USER); everybody else is who the kernel says. What
 * only the client says is marked as claimed.
 */
export function nameOperator(peer: Peer | undefined, claimed: string): string {
  const plain = (name: string) => name.replace(/[^\w.@-]/g, '?').slice(0, 64);
  if (!peer) return `${plain(claimed)} (claimed)`;
  const own = plain(peer.name ?? `uid-${peer.uid}`);
  return peer.uid === 0 && claimed !== '' ? plain(claimed) : own;
}
