/** The control socket of the daemon's process: it stays while one instance gives way to the next, so that no command fails in a reload. */

import type { Socket } from 'node:net';
import { messageOf } from '../model/coded-error.ts';
import type { EverySecond } from '../model/every-second.ts';
import { Connection, type ConnectionOptions, refuse } from './connection.ts';
import { Listener, type ListenerOptions } from './listener.ts';
import type { ControlAnswer, ControlHandlers, OnProgress } from './protocol.ts';
import type { ControlRequest } from './request.ts';

/** Command lines at the same time; more are told to come again. */
const CONNECTIONS_MAX = 32;

export interface ControlServerOptions extends ConnectionOptions {
  readonly everySecond: EverySecond;
}

/** What one instance answers at which socket, and what it hears of it. */
export interface ControlService {
  /** Path of the socket, at most 107 bytes (unix(7)); its folder is made where missing. */
  readonly socket: string;
  readonly handlers: ControlHandlers;
  /** The socket is missing and cannot be made, as long as it is so: told again each second, see ListenerOptions. */
  readonly onTrouble?: ListenerOptions['onTrouble'];
}

export class ControlServer {
  private readonly options: ControlServerOptions;
  private opened: { readonly socket: string; readonly listener: Listener } | undefined;
  private readonly connections = new Set<Connection>();
  /** Those of the instance that answers; undefined between two. */
  private handlers: ControlHandlers | undefined;
  private onTrouble: ListenerOptions['onTrouble'] = () => {};
  /** Resolves for those who wait for an instance when there is one, or none will come. */
  private change = Promise.withResolvers<void>();
  private readonly underWay = new Set<Promise<unknown>>();
  private isClosing = false;

  constructor(options: ControlServerOptions) {
    this.options = options;
  }

  /**
   * Has an instance answer, those too who wait since `suspend`. The socket is readable and writable for its user and group (0660).
   * That of a dead daemon is replaced; one that the disk does not take is tried again each second. Rejects with ControlError:
   * `already_running` where a live one answers, `no_permission`, `failed`; those who wait go on waiting then.
   */
  async serve({ socket, handlers, onTrouble = () => {} }: ControlService): Promise<void> {
    this.onTrouble = onTrouble;
    const before = this.opened;
    const opened = before?.socket === socket ? before : { socket, listener: await this.listen(socket) };
    this.opened = opened;
    if (opened.listener.isOpen) onTrouble(undefined);
    this.handlers = handlers;
    this.wake();
    // Who came over another socket is answered there.
    if (before !== opened) void before?.listener.close();
  }

  /** From here on requests wait for the next `serve`; resolves when those that were begun are through. */
  async suspend(): Promise<void> {
    this.onTrouble = () => {};
    this.handlers = undefined;
    await Promise.all(this.underWay);
  }

  /** Answers the requests that were begun, refuses those that wait, closes the other connections and removes the socket. */
  async close(): Promise<void> {
    const closed = this.opened?.listener.close();
    this.opened = undefined;
    this.isClosing = true;
    this.wake();
    await Promise.all([...this.connections].map((connection) => connection.close()));
    await closed;
  }

  private listen(path: string): Promise<Listener> {
    const { log, everySecond } = this.options;
    const accept = (client: Socket) => this.accept(client);
    return Listener.open({ path, accept, log, onTrouble: (trouble) => this.onTrouble(trouble), everySecond });
  }

  private accept(client: Socket): void {
    const { options, connections } = this;
    // It went away.
    client.on('error', () => {});
    if (connections.size >= CONNECTIONS_MAX) {
      refuse(client, `more than ${CONNECTIONS_MAX} commands at once: try again`);
      return;
    }
    const connection = new Connection(client, options, (request, onProgress) => this.carryOut(request, onProgress));
    connections.add(connection);
    void connection.ended.then(() => connections.delete(connection));
  }

  private async carryOut(request: ControlRequest, onProgress: OnProgress): Promise<ControlAnswer> {
    while (!this.handlers) {
      if (this.isClosing) return { ok: false, message: 'zban is stopping: nothing was done' };
      await this.change.promise;
    }
    const answer = this.ask(this.handlers, request, onProgress);
    this.underWay.add(answer);
    return answer.finally(() => this.underWay.delete(answer));
  }

  private async ask(
    handlers: ControlHandlers,
    { command, argument }: ControlRequest,
    onProgress: OnProgress,
  ): Promise<ControlAnswer> {
    // parseRequest has checked each command's argument.
    const handler = handlers[command] as (argument: unknown, onProgress: OnProgress) => Promise<unknown>;
    try {
      return { ok: true, value: await handler.call(handlers, argument, onProgress) };
    } catch (error) {
      // A failing handler is the daemon's trouble, told to anyone who asked; the next command is served all the same.
      const message = messageOf(error);
      this.options.log('warn', 'control command failed', { command, error: message });
      return { ok: false, message };
    }
  }

  private wake(): void {
    this.change.resolve();
    this.change = Promise.withResolvers();
  }
}
