/** Hands requests to those who carry them out: one instance of the daemon after another. What comes between two of them waits. */
import { messageOf } from '../model/coded-error.ts';
import type { Log } from '../model/log.ts';
import type { ControlAnswer, ControlHandlers, OnProgress } from './protocol.ts';
import type { ControlRequest } from './request.ts';

export class Dispatcher {
  private readonly log: Log;
  private handlers: ControlHandlers | undefined;
  private change = Promise.withResolvers<void>();
  private readonly underWay = new Set<Promise<ControlAnswer>>();
  private isEnded = false;

  constructor(handlers: ControlHandlers, log: Log) {
    this.handlers = handlers;
    this.log = log;
  }

  /** Never rejects: what goes wrong is the answer. */
  async dispatch(request: ControlRequest, onProgress: OnProgress): Promise<ControlAnswer> {
    while (!this.handlers) {
      if (this.isEnded) return { ok: false, message: 'zban is stopping: nothing was done' };
      await this.change.promise;
    }
    const answer = carryOut(request, this.handlers, this.log, onProgress);
    this.underWay.add(answer);
    return answer.finally(() => this.underWay.delete(answer));
  }

  /** Requests wait from now on; resolves when those that were begun are through. */
  async suspend(): Promise<void> {
    this.handlers = undefined;
    await Promise.all(this.underWay);
  }

  /** Those that wait, and all that come, are carried out by `handlers`. */
  resume(handlers: ControlHandlers): void {
    this.handlers = handlers;
    this.wake();
  }

  /** Those that wait are refused. */
  end(): void {
    this.isEnded = true;
    this.wake();
  }

  private wake(): void {
    this.change.resolve();
    this.change = Promise.withResolvers();
  }
}

async function carryOut(
  request: ControlRequest,
  handlers: ControlHandlers,
  log: Log,
  onProgress: OnProgress,
): Promise<ControlAnswer> {
  try {
    return { ok: true, value: await call(request, handlers, onProgress) };
  } catch (error) {
    // A failing handler is the daemon's trouble, told to anyone who asked; the next command is served all the same.
    const message = messageOf(error);
    log('warn', 'control command failed', { command: request.command, error: message });
    return { ok: false, message };
  }
}

function call(
  { command, argument }: ControlRequest,
  handlers: ControlHandlers,
  onProgress: OnProgress,
): Promise<unknown> {
  // parseRequest has checked each command's argument.
  const answer = handlers[command] as (argument: unknown, onProgress: OnProgress) => Promise<unknown>;
  return answer.call(handlers, argument, onProgress);
}
