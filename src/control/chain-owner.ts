/**
 * One zban for each chain: two would take out each other's bans with every reconcile. A zban that enforces listens on an abstract unix
 * socket named after the chain, of which the kernel keeps one in each network namespace (as it does chains), containers included, and
 * which ends with its process (unix(7)). Anyone may take that name, so that only the word of a user who may change a firewall counts.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { isObject, isText, parseJson } from '../model/shape.ts';
import { printable } from '../model/text.ts';
import { ControlError } from './error.ts';
import { findPeer, type Peer } from './peer.ts';

/** Their bans stand elsewhere, or nowhere. */
const WITHOUT_CHAIN: ReadonlySet<string> = new Set(['nginx', 'exec', 'dry-run']);

/** True of a configuration with which zban puts bans into a chain. */
export const needsChain = (mode: string, backend: string): boolean => mode === 'enforce' && !WITHOUT_CHAIN.has(backend);

/** What tells one zban from another. */
export interface ChainUser {
  /** Path of its configuration. */
  readonly config: string;
  /** Path of its control socket. */
  readonly socket: string;
}

export interface ChainOwner extends ChainUser {
  readonly user: string;
}

export interface ChainLock {
  /** Who keeps the name from this zban and is none, so that a second one would not be noticed at once. */
  readonly refusedBy?: string;
  close(): Promise<void>;
}

const isUser = isObject({ config: isText, socket: isText });
const ANSWER_MS = 1000;
const ANSWER_CHARACTERS_MAX = 10_000;
/** One that ends just when it is asked leaves the name free. */
const TRIES = 3;

/** Tables of nftables have the chain's name in lower case. */
const nameOf = (chain: string) => `\0zban chain ${chain.toLowerCase()}`;

/** Takes the chain until it is closed, or the process ends. Rejects with ControlError `chain_in_use` where another zban has it. */
export async function holdChain(chain: string, self: ChainUser): Promise<ChainLock> {
  const answer = JSON.stringify({ config: self.config, socket: self.socket });
  for (let tries = 0; tries < TRIES; tries++) {
    const server = await listen(nameOf(chain), answer);
    if (server) return { close: () => new Promise((resolve) => server.close(() => resolve())) };
    const holder = await ask(chain);
    if (holder?.owner) throw new ControlError('chain_in_use', `${describeOwner(chain, holder.owner)}: ${CHAIN_FIX}`);
    if (holder) return { refusedBy: holder.user, close: async () => {} };
  }
  return { refusedBy: 'somebody', close: async () => {} };
}

/** The zban that has the chain, undefined when none has or `socket` is its own. */
export async function findOtherOwner(chain: string, socket: string): Promise<ChainOwner | undefined> {
  const owner = (await ask(chain))?.owner;
  return owner?.socket === socket ? undefined : owner;
}

/** The zban beside which one with this configuration does not start. */
export async function findRival({
  mode,
  firewall: { backend, chain },
  control: { socket },
}: {
  readonly mode: string;
  readonly firewall: { readonly backend: string; readonly chain: string };
  readonly control: { readonly socket: string };
}): Promise<ChainOwner | undefined> {
  return needsChain(mode, backend) ? findOtherOwner(chain, socket) : undefined;
}

export const describeOwner = (chain: string, { config, user }: ChainOwner): string =>
  `another zban bans in firewall.chain ${chain}: the one of ${config}, run by ${user}`;

export const CHAIN_FIX = 'stop that one, or give this one another firewall.chain';

/** Undefined where the name is taken, or no name can be had. */
function listen(name: string, answer: string): Promise<Server | undefined> {
  const server = createServer((client) => client.on('error', () => {}).end(answer, () => client.destroy()));
  return new Promise((resolve) => {
    server.on('error', () => resolve(undefined));
    server.listen(name, () => resolve(server));
  });
}

interface Holder {
  readonly user: string;
  readonly owner: ChainOwner | undefined;
}

/** Undefined where nobody has the name. */
async function ask(chain: string): Promise<Holder | undefined> {
  const socket = connect(nameOf(chain));
  const answer = readAnswer(socket);
  const isConnected = new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).on('error', () => resolve(false));
  });
  try {
    if (!(await isConnected)) return undefined;
    const peer = await findPeer(socket);
    const user = peer ? (peer.name ?? `user ${peer.uid}`) : 'somebody';
    const said = peer && mayBan(peer) ? parseJson(await answer, isUser) : undefined;
    return { user, owner: said && { user, config: printable(said.config), socket: said.socket } };
  } finally {
    socket.destroy();
  }
}

/** Root, the service's user, and the one that asks. */
const mayBan = ({ uid, name }: Peer) => uid === 0 || name === 'zban' || uid === process.geteuid?.();

function readAnswer(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const finish = () => resolve(text);
    socket.setTimeout(ANSWER_MS, finish);
    socket.once('close', finish).once('end', finish);
    socket.setEncoding('utf8').on('data', (some: string) => {
      text += some;
      if (text.length > ANSWER_CHARACTERS_MAX) finish();
    });
  });
}
