/** A place with a database and a text audit log, and instances that open them one after another. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { Records, type RecordsOptions } from '../../src/daemon/records/records.ts';
import { Troubles } from '../../src/daemon/troubles.ts';
import type { AuditDraft } from '../../src/model/audit.ts';
import { verifyAudit } from '../../src/record/chain/verify.ts';
import { openDatabase } from '../../src/record/database/database.ts';
import { compareWithLog } from '../../src/record/text-log/log-check.ts';
import { findLogFiles } from '../../src/record/text-log/text-log-lines.ts';
import { temporaryFolder } from '../support/folder.ts';
import { type RowChanges, rowDraft } from '../support/rows.ts';
import { T0 } from './fixtures.ts';

export const NOTHING_LEARNED = { take: async () => undefined, judgedBytes: 0 };
const NONE = { condition: null, numbers: null, tier: null, durationSeconds: null, enforced: true, detail: '' } as const;

export function draft(action: AuditDraft['action'], client: string, changes: RowChanges = {}): AuditDraft {
  return rowDraft({ ...NONE, timeMs: T0, actor: 'system', action, client, ...changes });
}

export function ban(client: string, changes: RowChanges = {}): AuditDraft {
  return draft('ban', client, { actor: 'policy', condition: 'scan', tier: 1, durationSeconds: 600, ...changes });
}

export const STORY = [
  ban('192.0.2.1'),
  draft('ban_result', '192.0.2.1', { detail: 'ok' }),
  ban('192.0.2.2', { tier: 4, durationSeconds: null }),
  ban('192.0.2.3'),
  draft('unban', '192.0.2.3', { actor: 'operator:ann' }),
  draft('allow', '198.51.100.0/24', { actor: 'operator:ann' }),
];

export function place(t: TestContext, audit = {}) {
  const folder = temporaryFolder(t);
  const database = join(folder, 'zban.db');
  const log = join(folder, 'audit.log');
  const config = configSchema.parse({
    logs: [{ path: '/nowhere' }],
    state: { database },
    audit: { log, ...audit },
    control: { socket: join(folder, 'sock') },
  });
  const open = async (signal?: AbortSignal, changes: Partial<RecordsOptions> = {}) => {
    const said: string[] = [];
    const progress: string[] = [];
    const onProgress = (status: string) => void progress.push(status);
    const fixed = { configVersion: '0123456789ab', now: () => T0, log: () => {} };
    const records = await Records.open({ config, onProgress, ...fixed, ...(signal && { signal }), ...changes });
    const close = records.close.bind(records);
    let closed: Promise<void> | undefined;
    records.close = () => (closed ??= close());
    t.after(() => records.close());
    const troubles = new Troubles({ log: () => {} });
    troubles.tell({ onBegin: ({ what }) => said.push(what), onEnd: () => {} });
    /** What the thread was asked for so far is done. */
    const done = async () => {
      await records.settled();
      await records['thread'].ask('look', { damage: undefined });
    };
    const record = async (drafts: readonly AuditDraft[]) => {
      records.lines.tell(records.trail.append(drafts), []);
      await done();
    };
    const bans = () =>
      records.trail
        .activeBans(T0)
        .map(({ client }) => client)
        .sort();
    return { records, troubles, said, progress, record, done, bans };
  };
  /** As `zban audit verify` does. */
  const verify = () => {
    const reader = openDatabase(database, { readonly: true, busyTimeoutMs: 100 });
    const own = verifyAudit(reader);
    const result = own.ok ? (compareWithLog(reader, findLogFiles(log, 5)) ?? own) : own;
    reader.close();
    return result.ok ? 'whole' : result.detail;
  };
  const remove = () => ['', '-wal', '-shm'].map((end) => rmSync(`${database}${end}`, { force: true }));
  return { folder, config, database, log, open, verify, remove };
}
