/** How far a host has read and sent in its fleet, as its database keeps it. */

import { isBoolean, isList, isNumber, isObject, isOptional, isText } from '../../model/shape.ts';
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

export function encodeSaved(saved: Saved): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(saved));
}

const isSaved = isObject({
  ...{ epoch: isText, lastId: isText, sent: isNumber },
  ...{ hosts: isOptional(isList(isText)), aheadMs: isOptional(isNumber), panicMs: isOptional(isNumber) },
  enforce: isOptional(isBoolean),
});

/** Undefined for a host that has never joined, and for what cannot be read back: then it joins anew. */
export function readSaved(bytes: Uint8Array | undefined): Saved | undefined {
  const saved = readState(bytes, isSaved);
  return saved && { hosts: [], aheadMs: 0, panicMs: 0, enforce: true, ...saved };
}
