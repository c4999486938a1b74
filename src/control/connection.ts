/** One command line's connection: one JSON request a line, one JSON answer a line, in order. */

import type { Socket } from 'node:net';
import { REQUEST_BYTES_MAX } from '../model/limits.ts';
import type { Log } from '../model/log.ts';
import { findPeer, nameOperator } from './peer.ts';
import type { ControlAnswer, ControlProgress, OnProgress, Progress } from './protocol.ts';
import type { ControlRequest } from './request.ts';

/** A client that has not sent a whole request by then is cut off, so that idle ones never use the connections up. */
const REQUEST_TIMEOUT_MS = 10_000;
/** Who waits hears something this often, whatever takes long: far below the time after which anybody gives up. */
const SIGN_OF_LIFE_MS = 2000;
/** How long an order waits for a client that does not read what became of it. */
const UNREAD_MS = 10_000;
/** How long the last answer may take to reach a client when the server closes. */
const LAST_ANSWER_TIMEOUT_MS = 1000;

/** What programs ask again and again, word for word: understood without schemas, whose memory an order alone is worth. */
const QUESTIONS: ReadonlyMap<string, ControlRequest> = new Map(
  (['status', 'top', 'lanes', 'fleetStatus'] as const).map((command) => [JSON.stringify({ command }), { command }]),
);

export interface ConnectionOptions {
  readonly log: Log;
  /** Default 10,000. */
  readonly requestTimeoutMs?: number;
  /** Finds the user at the other end; `findPeer` by default. */
  readonly findPeer?: typeof findPeer;
}

/** Never rejects: what goes wrong is the answer. */
export type CarryOut = (request: ControlRequest, onProgress: OnProgress) => Promise<ControlAnswer>;

export class Connection {
  /** Resolves when the connection is closed, and a request that was begun is through. */
  readonly ended: Promise<void>;
  private readonly client: Socket;
  private readonly options: ConnectionOptions;
  private readonly carryOut: CarryOut;
  /** A request is being carried out. */
  private isAnswering = false;
  private isClosing = false;

  constructor(client: Socket, options: ConnectionOptions, carryOut: CarryOut) {
    this.client = client;
    this.options = options;
    this.carryOut = carryOut;
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    this.ended = this.serve()
      .catch((error: Error) => this.fail(error))
      .then(() => closed);
  }

  /** Takes no more requests, and answers one that was begun; resolves when it has ended. */
  close(): Promise<void> {
    this.isClosing = true;
    if (!this.isAnswering) this.client.destroy();
    return this.ended;
  }

  /** One request after the other; what the client sends meanwhile waits in the kernel. */
  private async serve(): Promise<void> {
    const { client } = this;
    const { requestTimeoutMs = REQUEST_TIMEOUT_MS } = this.options;
    const wait = () => setTimeout(() => refuse(client, 'no request came'), requestTimeoutMs);
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
        if ('problem' in request) return refuse(client, request.problem);
        const answer = encode(await this.answer(request));
        if (this.isClosing) return this.sendLast(answer);
        client.write(answer);
        if (!client.destroyed) deadline = wait();
      }
      if (pending.length > REQUEST_BYTES_MAX) return refuse(client, `a request is at most ${REQUEST_BYTES_MAX} bytes`);
    }
    client.end();
  }

  private async answer(request: ControlRequest): Promise<ControlAnswer> {
    this.isAnswering = true;
    const signs = setInterval(() => this.client.write(encode({ progress: null })), SIGN_OF_LIFE_MS);
    try {
      return await this.carryOut(await this.withOperator(request), (progress) => this.tellProgress(progress));
    } finally {
      clearInterval(signs);
      this.isAnswering = false;
    }
  }

  /** Puts in who asks where the client says who it is. */
  private async withOperator(request: ControlRequest): Promise<ControlRequest> {
    const argument = request.argument as { readonly operator?: string } | undefined;
    if (argument?.operator === undefined) return request;
    const peer = await (this.options.findPeer ?? findPeer)(this.client);
    if (!peer) this.options.log('warn', 'the kernel does not say who asks: operators are recorded as they claim', {});
    return { ...request, argument: { ...argument, operator: nameOperator(peer, argument.operator) } };
  }

  /** Resolves when the client can take more; one that reads nothing is cut off: what it ordered is carried out all the same. */
  private async tellProgress(progress: Progress): Promise<void> {
    const { client } = this;
    if (client.destroyed || client.write(encode({ progress }))) return;
    const timer = setTimeout(() => client.destroy(), UNREAD_MS);
    await new Promise<void>((resolve) => client.once('drain', resolve).once('close', () => resolve()));
    clearTimeout(timer);
  }

  /** Resolves when the answer was taken, or the client does not read it. */
  private async sendLast(answer: string): Promise<void> {
    const { client } = this;
    if (client.destroyed) return;
    client.setTimeout(LAST_ANSWER_TIMEOUT_MS, () => client.destroy());
    const closed = new Promise((resolve) => client.once('close', resolve));
    client.end(answer, () => client.destroy());
    await closed;
  }

  /** A connection broke, which its 'error' told; or zban itself, which loads some of its code with the first order that needs it. */
  private fail(error: Error): void {
    if (this.client.destroyed) return;
    this.options.log('error', 'a request cannot be carried out', { error: error.message });
    const cure = 'where zban was built anew while it ran, restart it';
    refuse(this.client, `zban cannot carry this out: ${error.message}; ${cure}`);
  }
}

/** Says why, and hangs up. */
export function refuse(client: Socket, message: string): void {
  client.end(encode({ ok: false, message }), () => client.destroy());
}

function encode(answer: ControlAnswer | ControlProgress): string {
  return `${JSON.stringify(answer)}\n`;
}
