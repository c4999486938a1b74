/** A connection to Redis or Valkey: one server, what a Sentinel points at, or a Cluster. The client library is loaded here, and only then. */
import { readFileSync } from 'node:fs';
import { AnswerGuard } from './answer-guard.ts';
import { READ, type Script } from './scripts.ts';
import { Sentinels } from './sentinels.ts';

/** Longest wait for a connection and for an answer. A server that is slower counts as away. */
export const ANSWER_MS = 3000;

export interface ServerOptions {
  /** redis:// or rediss://; more than one for a Cluster or Sentinels. */
  readonly urls: readonly string[];
  readonly kind: 'single' | 'cluster' | 'sentinel';
  /** The Sentinels' name of the master. */
  readonly master: string;
  /** Holds the password, where it does not stand in the address. */
  readonly passwordFile: string | undefined;
  /** Certificates that the server's is checked against, beside the host's own. */
  readonly caFile: string | undefined;
}

export interface Server {
  /** Sends a command; `key` is one of its keys and says which node of a Cluster it is for. Rejects when the answer is not there in time. */
  command(key: string, words: readonly string[], timeoutMs?: number): Promise<unknown>;
  /** Runs a script, which the server keeps by its hash. */
  run(script: Script, keys: readonly string[], words: readonly string[]): Promise<unknown>;
  /** Carries out a command that reads: what is no entry by its length is empty in the answer. */
  read(keys: readonly string[], words: readonly string[]): Promise<unknown>;
  /** Bytes of commands and answers so far, without what the protocol adds. */
  bytes(): number;
  /** Ends the connection at once. */
  close(): void;
}

/** Options of every connection. */
const COMMON = { RESP: 2 as const, disableClientInfo: true, maintNotifications: 'disabled' as const };

/**
 * Every connection is a copy of this client: for each other set of options the library would make a class of all commands, 5 MB and
 * some 80 ms of processor time.
 */
async function loadClient() {
  const { createClient: create } = await import('@redis/client');
  return create(COMMON);
}
let loading: ReturnType<typeof loadClient> | undefined;

/** How the three kinds of client send a command. */
interface Client {
  readonly send: (key: string, words: string[]) => Promise<unknown>;
  readonly connect: () => Promise<unknown>;
  readonly destroy: () => void;
}

/**
 * Connects; rejects when no server answers within ANSWER_MS. `onLost` is called once the connection is over, or leads to another
 * server than before. Nothing connects again by itself: the caller does.
 */
export async function connectServer(options: ServerOptions, onLost: (error: Error) => void): Promise<Server> {
  let isConnected = false;
  // Of several Sentinels or nodes some may be away: what counts is whether one of them led to the server.
  const client = await createClient(options, (error) => isConnected && onLost(error));
  const guard = new AnswerGuard();
  let bytes = 0;
  const command = async (key: string, words: readonly string[], timeoutMs = ANSWER_MS): Promise<unknown> => {
    for (const word of words) bytes += Buffer.byteLength(word);
    const answer = await withDeadline(client.send(key, [...words]), timeoutMs, `no answer to ${words[0]}`);
    guard.noteAnswer();
    bytes += lengthOf(answer);
    return answer;
  };
  const run: Server['run'] = async ({ text, sha1 }, keys, words) => {
    const rest = [String(keys.length), ...keys, ...words];
    try {
      return await command(keys[0] ?? '', ['EVALSHA', sha1, ...rest]);
    } catch (error) {
      if (!String(error).includes('NOSCRIPT')) throw error;
      return command(keys[0] ?? '', ['EVAL', text, ...rest]);
    }
  };
  try {
    await withDeadline(guard.over(client.connect), ANSWER_MS, 'no connection');
    isConnected = true;
  } catch (error) {
    client.destroy();
    throw error;
  }
  return {
    command,
    run,
    read: (keys, words) => run(READ, keys, words),
    bytes: () => bytes,
    close: () => client.destroy(),
  };
}

async function createClient(
  { urls, kind, master, caFile, passwordFile }: ServerOptions,
  onLost: (error: Error) => void,
): Promise<Client> {
  const ca = caFile === undefined ? {} : { ca: readFileSync(caFile) };
  const [url = ''] = urls;
  const isTls = url.startsWith('rediss:');
  const socket = {
    connectTimeout: ANSWER_MS,
    reconnectStrategy: false as const,
    ...(isTls && { tls: true as const, ...ca }),
  };
  const { username, password } = credentialsOf(url, passwordFile);
  const login = { ...(username !== '' && { username }), ...(password !== '' && { password }) };
  if (kind === 'cluster') {
    const { createCluster } = await import('@redis/client');
    const rootNodes = urls.map((each) => ({ url: withoutCredentials(each), socket }));
    const cluster = createCluster({ RESP: 2, rootNodes, defaults: { ...COMMON, ...login, socket } });
    cluster
      .on('error', onLost)
      .on('node-error', onLost)
      .on('node-disconnect', () => onLost(new Error('a node went away')));
    return {
      send: (key, words) => cluster.sendCommand(key, false, words),
      connect: () => cluster.connect(),
      destroy: () => cluster.destroy(),
    };
  }
  loading ??= loadClient();
  const original = await loading;
  const clientOf = (address: string, as: object) => {
    const { protocol, pathname } = new URL(address);
    const place =
      protocol === 'unix:'
        ? { socket: { ...socket, path: pathname, tls: false as const } }
        : { url: withoutCredentials(address), socket };
    return original.duplicate({ ...as, ...place });
  };
  const sentinels = new Sentinels(kind === 'sentinel' ? urls : [], master, (each) => clientOf(each, {}));
  const asked = kind === 'sentinel' ? sentinels.follow(onLost) : Promise.resolve(url);
  const address = await withDeadline(asked, ANSWER_MS, 'no answer of a Sentinel').catch((error: unknown) => {
    sentinels.close();
    throw error;
  });
  const client = clientOf(address, login);
  client.on('error', onLost).on('end', () => onLost(new Error('the server closed the connection')));
  return {
    send: (_key, words) => client.sendCommand(words),
    connect: () => client.connect(),
    destroy: () => {
      sentinels.close();
      client.destroy();
    },
  };
}

function credentialsOf(url: string, file: string | undefined): { username: string; password: string } {
  const { username, password } = new URL(url);
  const secret = file === undefined ? decodeURIComponent(password) : readFileSync(file, 'utf8').trim();
  return { username: decodeURIComponent(username), password: secret };
}

/** The client would take a name without a password in the address for all there is. */
function withoutCredentials(url: string): string {
  return Object.assign(new URL(url), { username: '', password: '' }).href;
}

async function withDeadline<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what} within ${ms / 1000} s`)), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => {});
  }
}

function lengthOf(answer: unknown): number {
  if (typeof answer === 'string') return answer.length;
  if (!Array.isArray(answer)) return 8;
  return answer.reduce((sum: number, each) => sum + lengthOf(each), 0);
}
