/** Server-sent events to a bounded number of readers. https://html.spec.whatwg.org/multipage/server-sent-events.html */
import type { ServerResponse } from 'node:http';

/** Messages a reader may miss before it is cut off; its browser connects again by itself. */
const MISSED_MAX = 10;

/**
 * Hands every message to every reader and never waits for one: a reader that has not taken the last message yet
 * misses this one, so that no reader holds more than one message in memory.
 */
export class EventStream {
  readonly #readersMax: number;
  readonly #missed = new Map<ServerResponse, number>();

  constructor(readersMax: number) {
    this.#readersMax = readersMax;
  }

  get readers(): number {
    return this.#missed.size;
  }

  /** Makes a response a reader, beginning with `first`; false, and nothing done, when there are too many already. */
  add(response: ServerResponse, first: string | undefined): boolean {
    if (this.#missed.size >= this.#readersMax) return false;
    this.#missed.set(response, 0);
    response.once('close', () => this.#missed.delete(response));
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    response.write('retry: 2000\n\n');
    if (first !== undefined) response.write(frame(first));
    return true;
  }

  /** Sends one line of JSON to all. */
  send(json: string): void {
    if (this.#missed.size === 0) return;
    const message = frame(json);
    for (const [response, missed] of this.#missed) {
      if (!response.writableNeedDrain) {
        this.#missed.set(response, 0);
        response.write(message);
      } else if (missed < MISSED_MAX) this.#missed.set(response, missed + 1);
      else response.destroy();
    }
  }

  close(): void {
    for (const response of this.#missed.keys()) response.end();
  }
}

/** Encoded once for all readers. */
const frame = (json: string): Buffer => Buffer.from(`event: snapshot\ndata: ${json}\n\n`);
