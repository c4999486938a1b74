/** The one interface of every enforcement backend. test/enforce/contract holds each to it on a real kernel. */

/** A ban as it should be, or as the kernel listed it. */
export interface KernelBan {
  /** Canonical text of an address or prefix (core/net/prefix.ts). */
  readonly target: string;
  /** Epoch milliseconds; null is permanent. */
  readonly untilMs: number | null;
}

export type Operation =
  | { readonly kind: 'add'; readonly ban: KernelBan }
  | { readonly kind: 'remove'; readonly target: string };

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

/** Every method is idempotent and rejects with EnforcementError only. */
export interface EnforcementBackend {
  readonly name: 'ipset' | 'iptables' | 'dry-run';
  /** Creates or repairs chains, jumps (first in INPUT, FORWARD, DOCKER-USER) and sets; resolves to what it had to repair, empty when all stood. */
  setUp(): Promise<readonly string[]>;
  /** What the kernel drops now, by zban's own chain and sets only. */
  list(): Promise<readonly KernelBan[]>;
  /** Applies all operations in as few batches as the tool allows. Adding what is there updates its end; removing what is not there is no error. */
  apply(operations: readonly Operation[], nowMs: number): Promise<void>;
  /** Takes out everything of zban's and nothing else. */
  flush(): Promise<void>;
}
