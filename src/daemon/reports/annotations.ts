/**
 * What operators noted, such as a deploy: a row of the trail, and what messages of the next minutes say of it. The newest has
 * its place in the database, so that a restart, which deploys are made of, does not lose it.
 */

import type { AuditDraft, AuditEntry } from '../../model/audit.ts';
import { isNumber, isObject, isText } from '../../model/shape.ts';
import { BLANK } from '../../record/row/row.ts';
import { readState, type States, stateOf } from '../saved-state.ts';

/** Under which the database keeps the newest one. */
export const ANNOTATION_KEY = 'annotation';
/** How long after it messages still mention it. */
const MENTIONED_MS = 30 * 60_000;
/** Of a longer text, so that it leaves room for the rest of a message. */
const MENTIONED_CHARACTERS = 100;

const isAnnotation = isObject({ timeMs: isNumber, text: isText });

export interface AnnotationsOptions {
  /** What the database has. */
  readonly saved: Uint8Array | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Writes the row together with the state. */
  readonly record: (draft: AuditDraft, state: States) => readonly AuditEntry[];
}

export class Annotations {
  private readonly options: AnnotationsOptions;
  private newest: { readonly timeMs: number; readonly text: string } | undefined;

  constructor(options: AnnotationsOptions) {
    this.options = options;
    this.newest = readState(options.saved, isAnnotation);
  }

  /** The row as written; its id is 0 where it was lost. */
  add(text: string, operator: string): AuditEntry | undefined {
    const annotation = { timeMs: this.options.now(), text };
    const [entry] = this.options.record(
      {
        ...{ ...BLANK, action: 'annotate', actor: `operator:${operator}`, timeMs: annotation.timeMs },
        ...{ enforced: true, detail: text },
      },
      stateOf(ANNOTATION_KEY, annotation),
    );
    this.newest = annotation;
    return entry;
  }

  /** `9 min after deploy 1.4.2`; undefined when nothing was noted lately. */
  describe(timeMs: number): string | undefined {
    const { newest } = this;
    const sinceMs = newest && timeMs - newest.timeMs;
    if (sinceMs === undefined || sinceMs < 0 || sinceMs > MENTIONED_MS) return undefined;
    const minutes = Math.floor(sinceMs / 60_000);
    return `${minutes < 1 ? 'just' : `${minutes} min`} after ${newest?.text.slice(0, MENTIONED_CHARACTERS).toWellFormed()}`;
  }
}
