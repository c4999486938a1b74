/**
 * Records again what followed from rows that are lost with a database, a portion at a time: a million bans neither fill the
 * memory nor keep the thread busy. What is left to do after a kill is known by a state that the first portion brings.
 */
import { setImmediate } from 'node:timers/promises';
import type { AuditDraft, AuditEntry } from '../../model/audit.ts';
import { isNumber, isObject, isText } from '../../model/shape.ts';
import type { ChainEnd } from '../chain/chain-ends.ts';
import type { Projection } from '../projection/projection.ts';
import { PORTION_ROWS } from '../row/row.ts';
import type { AuditTrail } from '../trail/audit-trail.ts';
import { type Loss, loadUnfinished, unfinished } from './lost-rows.ts';

const isLoss = isObject({ fromId: isNumber, toId: isNumber, what: isText });

/** Rows that an earlier run began to make up for, and did not end. Throws RecordError. */
export function findUnfinished(trail: Pick<AuditTrail, 'loadState'>): Loss | undefined {
  const loss = loadUnfinished(trail);
  if (loss === undefined || isLoss(loss)) return loss;
  throw new Error('what was noted of a lost database is not as zban wrote it');
}

export interface RestorationOptions {
  readonly trail: AuditTrail;
  readonly loss: Loss;
  /** The newest of the missing rows; where they are noted as missing already, the newest row there is. */
  readonly end: ChainEnd;
  /** What should follow from the rows. */
  readonly picture: Projection;
  /** Gets the rows as they are recorded. */
  readonly onRows: (entries: readonly AuditEntry[]) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Resolves when everything is on disk, or was refused by it. Rejects with the signal's reason once it is aborted: the next start goes on. */
export async function restore({ trail, loss, end, picture, onRows, signal }: RestorationOptions): Promise<void> {
  onRows(trail.recall([], end, loss.what, unfinished(loss)));
  await recallInTurns(trail, trail.findMissing(picture), onRows, signal);
  trail.recall([], undefined, '', unfinished());
  await trail.settled();
}

/** Records drafts of what was in force before, a portion at a time. Resolves and rejects as `restore` does. */
export async function recallInTurns(
  trail: AuditTrail,
  drafts: Iterable<AuditDraft>,
  onRows: (entries: readonly AuditEntry[]) => void,
  signal?: AbortSignal,
): Promise<void> {
  let some: AuditDraft[] = [];
  const record = async () => {
    onRows(trail.recall(some));
    some = [];
    await trail.settled();
    await setImmediate();
    signal?.throwIfAborted();
  };
  for (const draft of drafts) {
    if (some.push(draft) === PORTION_ROWS) await record();
  }
  if (some.length > 0) await record();
}
