import { cutRows } from '../../src/record/chain/prune.ts';
import { TrailWriter } from '../../src/record/chain/trail-writer.ts';
import type { RecordDatabase } from '../../src/record/database/database.ts';
import type { Call, Outcome } from '../../src/record/thread/call.ts';
import { AuditTrail } from '../../src/record/trail/audit-trail.ts';
import type { TrailRecorderOptions } from '../../src/record/trail/trail-recorder.ts';

/** Carries out at once what is asked for, and answers before it returns. */
export function callDirectly<T extends object>(target: T): Call<T> {
  return (method, argument, done) => {
    const run = target[method] as (argument: unknown) => never;
    let outcome: Outcome<never>;
    try {
      outcome = { ok: true, value: run.call(target, argument) };
    } catch (error) {
      outcome = { ok: false, error };
    }
    done(outcome);
  };
}

/** What the record thread is in the daemon. */
export function createWriter(database: RecordDatabase): TrailWriter {
  const writer = new TrailWriter(database);
  writer.cutRows = cutRows;
  return writer;
}

/** Writes in this thread. */
export const writeDirectly = (database: RecordDatabase): Call<TrailWriter> => callDirectly(createWriter(database));

export const createTrail = (options: Omit<TrailRecorderOptions, 'writer'>): AuditTrail =>
  new AuditTrail({ ...options, writer: writeDirectly(options.database) });
