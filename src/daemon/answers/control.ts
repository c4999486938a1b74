/** The control socket of the process: it stays while one instance gives way to the next, so that no command fails in a reload. */
import { type ControlServer, type ControlServerOptions, startControlServer } from '../../control/server.ts';
import type { Log } from '../../model/log.ts';
import { everySecond } from '../every-second.ts';

/** What one instance answers at which socket, and what it hears of it. */
type Service = Required<Pick<ControlServerOptions, 'socket' | 'handlers' | 'onTrouble'>>;

export class Control {
  private readonly log: Log;
  private opened: { readonly socket: string; readonly server: ControlServer } | undefined;
  private onTrouble: Service['onTrouble'] = () => {};

  constructor(log: Log) {
    this.log = log;
  }

  /** Has an instance answer, those too who wait since `suspend`. Rejects with ControlError, as `startControlServer`. */
  async serve({ socket, handlers, onTrouble }: Service): Promise<void> {
    this.onTrouble = onTrouble;
    const before = this.opened;
    if (before?.socket !== socket) this.opened = { socket, server: await this.open(socket, handlers) };
    before?.server.resume(handlers);
    if (before !== this.opened) await before?.server.close();
  }

  /** From here on requests wait for the next `serve`; resolves when those that were begun are through. */
  async suspend(): Promise<void> {
    this.onTrouble = () => {};
    await this.opened?.server.suspend();
  }

  /** Answers the requests that were begun, refuses those that wait, and removes the socket. */
  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    await opened?.server.close();
  }

  private open(socket: string, handlers: Service['handlers']): Promise<ControlServer> {
    // A trouble that lasts is reported again each second: the instance that answers by then hears of it.
    return startControlServer({
      socket,
      handlers,
      log: this.log,
      everySecond,
      onTrouble: (trouble) => this.onTrouble(trouble),
    });
  }
}
