/** The one interface of every enforcement backend. test/enforce/contract holds each to it on a real kernel. */
import { CodedError } from '../model/coded-error.ts';
import type { Failure, HeldBans, KernelBan, Operation } from '../model/reconcile.ts';

export type { HeldBans, KernelBan, Operation };

/** Closed set of causes, also the metric label. */
export type EnforcementErrorCode =
  | 'missing_tool'
  | 'no_permission'
  | 'timeout'
  | 'aborted'
  | 'lock_held'
  | 'kernel_refused'
  | 'set_full'
  | 'contested'
  | 'bad_output';

/** A firewall command that did not do its work; the message says which, why, and how to fix it. */
export class EnforcementError extends CodedError<EnforcementErrorCode> {
  override readonly name = 'EnforcementError';
}

/** For `catch` of a listing: where the kernel knows no such tables, nothing of zban's can be in them. */
export function unlessRefused(error: unknown): undefined {
  if (error instanceof EnforcementError && error.code === 'kernel_refused') return undefined;
  throw error;
}

/** Others may have caused it, in passing; other failures would only cost their time again. */
export const isPassing = (failure: EnforcementError | undefined): boolean =>
  failure === undefined || failure.code === 'kernel_refused';

/** Why bans stand otherwise than they should where every command went through. */
export const unexplained = (what: string): Failure<EnforcementErrorCode> => ({
  code: 'kernel_refused',
  message: `the kernel ${what}, though nothing was refused`,
});

/** For `catch`: everything else is a bug. */
export function asFailure(error: unknown): EnforcementError {
  if (error instanceof EnforcementError) return error;
  throw error;
}

/** Every method is idempotent and rejects with EnforcementError only. */
export interface EnforcementBackend {
  /** As `firewall.backend` has it. */
  readonly name: string;
  /** How far ahead a timed ban can end in this backend, milliseconds; later ends are cut to it by `apply`. */
  readonly longestMs: number;
  /** Creates or repairs what bans stand in (chains, jumps, sets); resolves to what it had to repair, empty when all stood. */
  setUp(): Promise<readonly string[]>;
  /**
   * Tells `onBan` what stands in the kernel now, in zban's own chain, table and sets only, each target once. An entry
   * whose end has passed may still be listed; the kernel no longer matches it. `known` is what should stand as far as zban can
   * tell: a backend that cannot list a large table asks the kernel for these instead. Bans may be applied meanwhile.
   */
  list(onBan: (ban: KernelBan) => void, known: HeldBans): Promise<void>;
  /**
   * True when the kernel shows some operations as done, asked without listing the other bans: what was added is there
   * and packets reach it (chain, rules and jumps stand), what was removed is not. False also where it cannot tell.
   */
  confirm(operations: readonly Operation[], nowMs: number): Promise<boolean>;
  /**
   * Applies all operations in as few batches as the tool allows. Adding what is there updates its end; removing what is
   * not there is no error, and takes out what an earlier run left although nothing was set up or listed before. Does
   * everything that can be done before it rejects for what cannot.
   */
  apply(operations: readonly Operation[], nowMs: number): Promise<void>;
}
