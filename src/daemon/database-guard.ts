/** Notices while zban runs that the database was deleted, exchanged or damaged, and has it written again. */

import type { Position } from '../model/chunk.ts';
import type { AuditTrail } from '../record/audit-trail.ts';
import { RecordError } from '../record/error.ts';
import type { KeptDatabase } from '../record/kept-database.ts';
import { verifyAudit } from '../record/verify.ts';

/** What was found, in words; where neither is true it was not dealt with yet. */
export interface GuardReport {
  readonly what: string;
  /** Rows are missing for good; what followed from them is not. */
  readonly isLost: boolean;
  /** Nothing is missing. */
  readonly isRestored: boolean;
}

/** Undefined while all is well. `positions` are where each log was read up to. */
export function guardDatabase(
  database: KeptDatabase,
  trail: AuditTrail,
  positions: readonly Position[],
): GuardReport | undefined {
  const { trouble } = trail.status;
  const damage = trouble?.code === 'corrupt' ? { what: trouble.message, isDamage: true } : undefined;
  const found = database.findLoss() ?? damage;
  if (!found) return undefined;
  const { id } = trail.head;
  let isRestored: boolean;
  try {
    isRestored = database.replace((copy) => trail.isHeldBy(copy) && (!found.isDamage || verifyAudit(copy).ok));
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    const what = `${found.what}, and a copy cannot be written now: ${error.message}`;
    return { what, isLost: false, isRestored: false };
  }
  // What is known is recorded before anything else is.
  trail.savePositions(positions);
  trail.retry();
  const fate = isRestored
    ? 'it is restored from what zban had open, nothing is missing'
    : `entries up to #${id} of the audit trail are lost, what followed from them is recorded again from memory`;
  return { what: `${found.what} while zban ran; ${fate}`, isLost: !isRestored, isRestored };
}
