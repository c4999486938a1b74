/** A database as a stopped daemon leaves it, for the commands that read. */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AuditDraft } from '../../src/model/audit.ts';
import { openDatabase } from '../../src/record/database/database.ts';
import { WriteGate } from '../../src/record/database/write-gate.ts';
import { createTrail } from '../support/direct-writer.ts';
import { type RowChanges, rowDraft } from '../support/rows.ts';
import { place } from './run-zban.ts';

/** A database with these rows, written as the daemon does, and still open for more. */
export function record(t: TestContext, drafts: readonly AuditDraft[]) {
  const paths = place(t);
  const path = join(paths.folder, 'zban.db');
  const database = openDatabase(path, { busyTimeoutMs: 1000 });
  t.after(() => database.close());
  /** The trail as a daemon has it that starts now. */
  const openTrail = () => createTrail({ database, gate: new WriteGate(path, Date.now), configVersion: '0123456789ab' });
  const trail = openTrail();
  trail.append(drafts);
  return { ...paths, path, trail, openTrail };
}

/** A ban by policy, ten minutes from a minute ago where `changes` say nothing else. */
export function banDraft(client: string, changes: RowChanges = {}): AuditDraft {
  return rowDraft({
    timeMs: Date.now() - 60_000,
    actor: 'policy',
    action: 'ban',
    client,
    condition: 'multiplier',
    numbers: null,
    tier: 1,
    durationSeconds: 600,
    enforced: true,
    detail: '',
    ...changes,
  });
}
