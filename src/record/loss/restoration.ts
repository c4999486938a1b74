/**
 * Records again what followed from rows that are lost with a database, a portion at a time: a million bans neither fill the
 * memory nor keep the thread busy. What is left to do after a kill is known by a state that the first portion brings.
 */
import { setImmediate } from 'node:timers/promises';
import type { AuditDraft, AuditEntry } from '../../model/audit.ts';
import type { ChainEnd } from '../chain/chain-ends.ts';
import type { Projection } from '../projection/projection.ts';
import type { AuditTrail } from '../trail/audit-trail.ts';
import { type Loss, portionsOf, unfinished } from './lost-rows.ts';

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
  drafts: Iterable<readonly AuditDraft[]>,
  onRows: (entries: readonly AuditEntry[]) => void,
  signal?: AbortSignal,
): Promise<void> {
  for (const portion of portionsOf(drafts)) {
    onRows(trail.recall(portion));
    await trail.settled();
    await setImmediate();
    signal?.throwIfAborted();
  }
}
