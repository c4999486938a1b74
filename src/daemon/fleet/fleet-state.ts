/** How far a host has read and sent in its fleet, as its database keeps it. */

import { each, isBoolean, isList, isNumber, isObject, isText, type Shape } from '../../model/shape.ts';
import { readState } from '../saved-state.ts';

/** Under which the database keeps it. */
export const STATE_KEY = 'fleet';

export interface Saved {
  readonly epoch: string;
  readonly lastId: string;
  /** Every row of the trail up to this one was sent. */
  readonly sent: number;
  /** Hosts heard of. */
  readonly hosts: readonly string[];
  /** Milliseconds by which the server's clock was ahead. */
  readonly aheadMs: number;
  /** When the newest panic that was carried out was decided or ended, by the server's clock. */
  readonly panicMs: number;
  /** False where bans of others were noted and not enforced: for an enforcing host they are news. */
  readonly enforce: boolean;
}

const isSaved: Shape<Saved> = isObject({
  ...each(isText, 'epoch', 'lastId'),
  ...each(isNumber, 'sent', 'aheadMs', 'panicMs'),
  ...{ hosts: isList(isText), enforce: isBoolean },
});

/** Undefined for a host that has never joined, and for what cannot be read back: then it joins anew. */
export const readSaved = (bytes: Uint8Array | undefined): Saved | undefined => readState(bytes, isSaved);
