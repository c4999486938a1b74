/** What a reconcile came to, with the causes that a backend has. */
import type { Failure, ReconcileResult } from '../model/reconcile.ts';
import type { EnforcementErrorCode } from './backend.ts';

export type EnforcementResult = ReconcileResult<EnforcementErrorCode>;
/** Why bans are not enforced as they should be. */
export type EnforcementTrouble = Failure<EnforcementErrorCode>;

export interface Outcome {
  readonly result: EnforcementResult;
  /** What keeps the kernel from being as it should, as far as zban knows; not only what this reconcile was about. */
  readonly trouble: EnforcementTrouble | undefined;
  /** What others do, which trying again soon does not change. */
  readonly contest: EnforcementTrouble | undefined;
}
