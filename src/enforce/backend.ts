/** The one interface of every enforcement backend. test/enforce/contract holds each to it on a real kernel. */
import type { KernelBan, Operation } from '../core/reconcile.ts';

export type { KernelBan, Operation };

/** Closed set of causes, also the metric label. */
export type EnforcementErrorCode =
  | 'missing_tool'
  | 'no_permission'
  | 'timeout'
  | 'lock_held'
  | 'kernel_refused'
  | 'set_full'
  | 'bad_output';

/** A firewall command that did not do its work; the message says which, why, and how to mend it. */
export class EnforcementError extends Error {
  override readonly name = 'EnforcementError';
  readonly code: EnforcementErrorCode;
  constructor(code: EnforcementErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Where a backend and the enforcer say what they met; the composition root passes its logger. */
export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, unknown>>,
) => void;

/** Every method is idempotent and rejects with EnforcementError only. */
export interface EnforcementBackend {
  readonly name: 'ipset' | 'iptables' | 'dry-run';
  /** How far ahead a timed ban can end in this backend, milliseconds; later ends are cut to it by `apply`. */
  readonly longestMs: number;
  /** Creates or repairs chains, jumps (first in INPUT, FORWARD, DOCKER-USER) and sets; resolves to what it had to repair, empty when all stood. */
  setUp(): Promise<readonly string[]>;
  /**
   * What stands in the kernel now, in zban's own chain and sets only. An entry whose end has passed may still be
   * listed; the kernel no longer matches it.
   */
  list(): Promise<readonly KernelBan[]>;
  /**
   * Which of a few targets the kernel drops now, without listing the others: the entry is there and packets reach it
   * (chain, rules and jumps stand). A target inside a wider banned prefix counts as dropped.
   */
  confirm(targets: readonly string[]): Promise<ReadonlySet<string>>;
  /**
   * Applies all operations in as few batches as the tool allows. Adding what is there updates its end; removing what is
   * not there is no error. Does everything that can be done before it rejects for what cannot.
   */
  apply(operations: readonly Operation[], nowMs: number): Promise<void>;
  /** Takes out everything of zban's and nothing else. */
  flush(): Promise<void>;
}
