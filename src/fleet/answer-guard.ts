/** Ends a connection over which more comes than any answer may take: who else writes to the server decides what lies there. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

const BYTES_MAX = 33_554_432;

/** The client library shows its sockets to nobody: they are known by the guard that they are made under. */
const guards = new AsyncLocalStorage<AnswerGuard>();
// https://nodejs.org/api/diagnostics_channel.html#event-netclientsocket
subscribe('net.client.socket', (made) => guards.getStore()?.watch((made as { readonly socket: Socket }).socket));

export class AnswerGuard {
  private bytes = 0;

  /** Guards all connections that are made by `work`, then or later. */
  over<T>(work: () => T): T {
    return guards.run(this, work);
  }

  /** An answer is complete. */
  noteAnswer(): void {
    this.bytes = 0;
  }

  watch(socket: Socket): void {
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (this.bytes > BYTES_MAX) socket.destroy(new Error(`an answer of more than ${BYTES_MAX >> 20} MiB`));
    });
  }
}
