/** The daemon's end of the control socket: one JSON request a line, one JSON answer a line, in order. */

import type { Socket } from 'node:net';
import type { EverySecond } from '../model/every-second.ts';
import { REQUEST_BYTES_MAX } from '../model/limits.ts';
import type { Log } from '../model/log.ts';
import { Dispatcher } from './dispatcher.ts';
import { Listener, type SocketTrouble } from './listener.ts';
import { findPeer, nameOperator } from './peer.ts';
import type { ControlAnswer, ControlHandlers, ControlProgress, Progress } from './protocol.ts';
import type { ControlRequest } from './request.ts';

/** Command lines at the same time; more are told to come again. */
const CONNECTIONS_MAX = 32;
/** A client that has not sent a whole request by then is cut off, so that idle ones never use the connections up. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface ControlServerOptions {
  /** Path of the socket, at most 107 bytes (unix(7)); its folder is made where missing. */
  readonly socket: string;
  readonly handlers: ControlHandlers;
  readonly log: Log;
  /** The socket is missing and cannot be made, as long as it is so: see ListenerOptions. */
  readonly onTrouble?: (trouble: SocketTrouble | undefined) => void;
  readonly everySecond: EverySecond;
  /** Default 10,000. */
  readonly requestTimeoutMs?: number;
  /** Finds the user at the other end; `findPeer` by default. */
  readonly findPeer?: typeof findPeer;
}

/** What programs ask again and again, word for word: understood without schemas, whose memory an order alone is worth. */
const QUESTIONS: ReadonlyMap<string, ControlRequest> = new Map(
  (['status', 'top', 'lanes', 'fleetStatus'] as const).map((command) => [JSON.stringify({ command }), { command }]),
);
/** Who waits hears something this often, whatever takes long: far below the time after which it gives up. */
const SIGN_OF_LIFE_MS = 10_000;
/** How long an order waits for a client that does not read what became of it. */
const UNREAD_MS = 10_000;
/** How long the last answer may take to reach a client when the server closes. */
const LAST_ANSWER_TIMEOUT_MS = 1000;

/** What the connections of one server share. */
interface Shared {
  /** Clients whose request is being carried out. */
  readonly answering: Set<Socket>;
  readonly dispatcher: Dispatcher;
  isClosing: boolean;
}

export interface ControlServer {
  /** Requests wait from now on; resolves when those that were begun are through. */
  suspend(): Promise<void>;
  /** Those that wait, and all that come, are carried out by `handlers`. */
  resume(handlers: ControlHandlers): void;
  /** Takes no more requests, answers those that were begun, refuses those that wait, closes the other connections and removes the socket. */
  close(): Promise<void>;
}

/**
 * Listens on the socket, readable and writable for its user and group (0660). The socket of a dead daemon is replaced; one that
 * the disk does not take is tried again each second. Rejects with ControlError: `already_running` where a live one answers, `no_permission`, `failed`.
 */
export async function startControlServer(options: ControlServerOptions): Promise<ControlServer> {
  const { socket: path, handlers, log, everySecond, onTrouble = () => {} } = options;
  const clients = new Set<Socket>();
  const dispatcher = new Dispatcher(handlers, log);
  const shared: Shared = { answering: new Set(), dispatcher, isClosing: false };
  const serving = new Set<Promise<void>>();
  const accept = (client: Socket) => {
    client.on('error', (error) => log('debug', 'control client went away', { error: error.message }));
    if (clients.size >= CONNECTIONS_MAX) {
      const message = `more than ${CONNECTIONS_MAX} commands at once: try again`;
      client.end(encode({ ok: false, message }), () => client.destroy());
      return;
    }
    clients.add(client);
    client.on('close', () => clients.delete(client));
    const served = serve(client, options, shared).catch((error: Error) => fail(client, error, log));
    serving.add(served);
    void served.then(() => serving.delete(served));
  };
  const listener = await Listener.open({ path, accept, log, onTrouble, everySecond });
  return {
    suspend: () => dispatcher.suspend(),
    resume: (next) => dispatcher.resume(next),
    close: async () => {
      const closed = listener.close();
      shared.isClosing = true;
      dispatcher.end();
      for (const client of clients) if (!shared.answering.has(client)) client.destroy();
      await Promise.all(serving);
      await closed;
    },
  };
}

function encode(answer: ControlAnswer | ControlProgress): string {
  return `${JSON.stringify(answer)}\n`;
}

/** One client's requests, one after the other; what it sends meanwhile waits in the kernel. */
async function serve(client: Socket, options: ControlServerOptions, shared: Shared): Promise<void> {
  const refuse = (message: string) => {
    client.end(encode({ ok: false, message }), () => client.destroy());
  };
  const wait = () => setTimeout(() => refuse('no request came'), options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS);
  let deadline = wait();
  client.on('close', () => clearTimeout(deadline));
  client.setEncoding('utf8');
  let pending = '';
  // A client that is refused, or told of a failure, is to read that: the loop's end alone does not cut the connection.
  for await (const text of client.iterator({ destroyOnReturn: false }) as AsyncIterable<string>) {
    if (client.writableEnded) return;
    // Only what is new can end a line: a long request is not searched again with every piece.
    const lines = text.split('\n');
    lines[0] = pending + lines[0];
    pending = lines.pop() ?? '';
    for (const line of lines) {
      // A handler takes as long as the firewall does.
      clearTimeout(deadline);
      const request = QUESTIONS.get(line) ?? (await import('./request.ts')).parseRequest(line);
      if ('problem' in request) return refuse(request.problem);
      const answer = await answerTo(request, client, options, shared);
      if (shared.isClosing) return answerLast(client, answer);
      client.write(answer);
      if (!client.destroyed) deadline = wait();
    }
    if (pending.length > REQUEST_BYTES_MAX) return refuse(`a request is at most ${REQUEST_BYTES_MAX} bytes`);
  }
  client.end();
}

/** The answer to a request, as it is sent. */
async function answerTo(
  request: ControlRequest,
  client: Socket,
  options: ControlServerOptions,
  { answering, dispatcher }: Shared,
): Promise<string> {
  answering.add(client);
  const signs = setInterval(() => client.write(encode({ progress: null })), SIGN_OF_LIFE_MS);
  try {
    const asked = await withOperator(request, client, options);
    return encode(await dispatcher.dispatch(asked, (progress) => tellProgress(client, progress)));
  } finally {
    clearInterval(signs);
    answering.delete(client);
  }
}

/** A connection broke, which its 'error' told; or zban itself, which loads some of its code with the first order that needs it. */
function fail(client: Socket, error: Error, log: Log): void {
  if (client.destroyed) return;
  log('error', 'a request cannot be carried out', { error: error.message });
  const message = `zban cannot carry this out: ${error.message}; where zban was built anew while it ran, restart it`;
  client.end(encode({ ok: false, message }), () => client.destroy());
}

/** Resolves when the client can take more; one that reads nothing is cut off: what it ordered is carried out all the same. */
async function tellProgress(client: Socket, progress: Progress): Promise<void> {
  if (client.destroyed || client.write(encode({ progress }))) return;
  const timer = setTimeout(() => client.destroy(), UNREAD_MS);
  await new Promise<void>((resolve) => client.once('drain', resolve).once('close', () => resolve()));
  clearTimeout(timer);
}

/** Resolves when the answer was taken, or the client does not read it. */
async function answerLast(client: Socket, answer: string): Promise<void> {
  if (client.destroyed) return;
  client.setTimeout(LAST_ANSWER_TIMEOUT_MS, () => client.destroy());
  const closed = new Promise((resolve) => client.once('close', resolve));
  client.end(answer, () => client.destroy());
  await closed;
}

/** Puts in who asks where the client says who it is. */
async function withOperator(
  request: ControlRequest,
  client: Socket,
  options: ControlServerOptions,
): Promise<ControlRequest> {
  const argument = request.argument as { readonly operator?: string } | undefined;
  if (argument?.operator === undefined) return request;
  const peer = await (options.findPeer ?? findPeer)(client);
  if (!peer) options.log('warn', 'the kernel does not say who asks: operators are recorded as they claim', {});
  return { ...request, argument: { ...argument, operator: nameOperator(peer, argument.operator) } };
}
