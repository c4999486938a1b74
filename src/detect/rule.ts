/** A rule for one client: what a request weighs in points. A leaky bucket adds them up; too many are a ban. */
import type { Request } from './request.ts';

export interface Rule<Name extends string = string> {
  /** Condition of a ban, key of the configuration, and name everywhere. */
  readonly name: Name;
  /** Points tolerated at once, and how many drain a minute; defaults of the configuration. */
  readonly limit: number;
  readonly leak: number;
  /** A client's allowance (ClientState.allowance) multiplies the leak as well as the limit. */
  readonly eases: boolean;
  /** Points a minute that drain beside the leak for a client that is served well; none by default. */
  readonly servedLeak?: number;
  /**
   * It is about what is asked for, not how much: plain requests that were served (Request.plain) weigh nothing, points of clients
   * without a history count against their network, too (networks.ts), and there is no leniency the first time.
   */
  readonly isHostile: boolean;
  /** What the client does, to follow the condition; and what the limit counts. */
  readonly phrase: string;
  readonly counted: string;
  /** How many of these a point stands for; one by default. */
  readonly requestsPerPoint?: number;
  /** Points of the request, 0 or more. */
  weigh(request: Request): number;
}
