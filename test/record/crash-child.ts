/** Appends as fast as it can until it is killed; says on standard output which row is on disk. */

import { openDatabase } from '../../src/record/database/database.ts';
import { WriteGate } from '../../src/record/database/write-gate.ts';
import { createTrail } from '../support/direct-writer.ts';
import { ban, draft, position, T0 } from './examples.ts';

const path = process.argv[2] ?? '';
const database = openDatabase(path, { busyTimeoutMs: 100 });
const gate = new WriteGate(path, Date.now);
const trail = createTrail({ database, gate, configVersion: 'c0ffee123456' });
for (let round = 1; ; round++) {
  const client = `198.51.100.${round % 200}`;
  const drafts = [ban(client, { durationSeconds: null }), draft('ban_result', client, { detail: 'ok' })];
  if (round % 3 === 0) drafts.push(draft('unban', `198.51.100.${(round - 1) % 200}`));
  if (round % 20 === 0) void trail.prune({ nowMs: T0, beforeMs: T0 + 1, offencesBeforeMs: 0 });
  const entries = trail.append(drafts, { positions: [position('/a.log', round)] });
  process.stdout.write(`${entries.at(-1)?.id} ${round}\n`);
}
