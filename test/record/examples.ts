/** Drafts and temporary databases for the tests of this folder. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AuditDraft } from '../../src/model/audit.ts';
import type { Position } from '../../src/model/chunk.ts';
import { openDatabase, type RecordDatabase } from '../../src/record/database/database.ts';
import { WriteGate } from '../../src/record/database/write-gate.ts';
import type { RecordError, RecordErrorCode } from '../../src/record/error.ts';
import { DatabaseOutbox } from '../../src/record/outbox/outbox-store.ts';
import type { AuditTrail } from '../../src/record/trail/audit-trail.ts';
import { TrailReader } from '../../src/record/trail/trail-reader.ts';
import { createTrail, writeDirectly } from '../support/direct-writer.ts';
import { type RowChanges, rowDraft } from '../support/rows.ts';

export const T0 = Date.UTC(2026, 10, 20, 10, 11, 12, 123);
export const MINUTE = 60_000;

export const NUMBERS = {
  rate: 5.2,
  mean: 0.7,
  stddev: 0.55,
  z: 8.18,
  multiple: 7.43,
  limit: 3.5,
  requests: 312,
  errors: 3,
  error_ratio: 0.01,
  baseline_error_ratio: 0.03,
  window_seconds: 60,
  samples: [{ time: '2026-11-20T10:11:12Z', method: 'GET', path: '/a?b', status: 200, user_agent: 'curl' }],
};

export function draft(action: AuditDraft['action'], client: string | null, changes: RowChanges = {}): AuditDraft {
  const none = { condition: null, numbers: null, tier: null, durationSeconds: null };
  return rowDraft({ ...none, timeMs: T0, actor: 'system', action, client, enforced: true, detail: '', ...changes });
}

export function ban(client: string, changes: RowChanges = {}): AuditDraft {
  const why = { actor: 'policy', condition: 'multiplier', numbers: NUMBERS } as const;
  return draft('ban', client, { ...why, tier: 1, durationSeconds: 600, ...changes });
}

export function position(path: string, offset: number): Position {
  return { path, device: 66_306, inode: 2 ** 60, offset, fingerprint: 'ab12', fingerprintBytes: 256 };
}

/** What the disk has of them. */
export const savedPositions = (database: RecordDatabase): Position[] => new TrailReader(database).positions();

const cleaners = new WeakMap<TestContext, (() => void)[]>();

/** Runs after the test, the last one given first: `t.after` alone would remove folders before what is in them is closed. */
export function afterwards(t: TestContext, clean: () => void): void {
  const list = cleaners.get(t);
  if (list) {
    list.unshift(clean);
    return;
  }
  const fresh = [clean];
  cleaners.set(t, fresh);
  t.after(() => {
    for (const run of fresh) run();
  });
}

/** A folder that is gone after the test. */
export function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'zban-record-'));
  afterwards(t, () => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Why a test that mounts or changes users is skipped. */
export const notRoot = process.getuid?.() === 0 ? false : 'mounting a file system and changing users needs root';

/** A disk of its own of 1 MiB, as a folder; needs root. */
export function smallDisk(t: TestContext): string {
  const path = join(folder(t), 'disk');
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path]);
  afterwards(t, () => void execFileSync('umount', [path]));
  return path;
}

/** Fills a disk to the last byte; the returned function makes room again. */
export function fill(disk: string): () => void {
  const { bavail, bsize } = statfsSync(disk);
  const ballast = join(disk, 'ballast');
  writeFileSync(ballast, Buffer.alloc(bavail * bsize));
  return () => rmSync(ballast);
}

/** A clock that moves when told. */
export class FakeClock {
  ms = T0;
  readonly now = (): number => this.ms;
}

export interface Opened {
  readonly path: string;
  readonly database: RecordDatabase;
  readonly gate: WriteGate;
  readonly trail: AuditTrail;
  readonly clock: FakeClock;
}

/** Opens a trail, of a new database unless `path` says otherwise; closed after the test. */
export function openTrail(t: TestContext, path = join(folder(t), 'zban.db'), backlogMax?: number): Opened {
  const clock = new FakeClock();
  const database = openDatabase(path, { busyTimeoutMs: 20, openTimeoutMs: 100 });
  afterwards(t, () => database.close());
  const gate = new WriteGate(path, clock.now);
  const rest = backlogMax === undefined ? {} : { backlogMax };
  return {
    path,
    database,
    gate,
    clock,
    trail: createTrail({ database, gate, configVersion: 'c0ffee123456', ...rest }),
  };
}

/** For assert.throws: a RecordError of this code whose message speaks of `text`. */
export const failsWith =
  (code: RecordErrorCode, text: RegExp = /./) =>
  (error: RecordError) =>
    error.name === 'RecordError' && error.code === code && text.test(error.message);

/** All that JSON shows of a value. */
export const plain = (value: unknown) => JSON.parse(JSON.stringify(value));

/** The outbox of a database that this thread writes. */
export function openOutbox(database: RecordDatabase, gate: WriteGate): DatabaseOutbox {
  return new DatabaseOutbox(database, gate, writeDirectly(database));
}
