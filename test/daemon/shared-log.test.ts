/** Two zbans that were given one text audit log: neither takes the other's lines for rows that its own database lost. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Config, configSchema } from '../../src/config/schema.ts';
import type { Handover } from '../../src/daemon/records/record-store.ts';
import { Records } from '../../src/daemon/records/records.ts';
import { temporaryFolder } from '../support/folder.ts';
import { rowDraft } from '../support/rows.ts';
import { T0 } from './fixtures.ts';

function configOf(folder: string, name: string, log: string): Config {
  return configSchema.parse({
    logs: [{ path: '/nowhere' }],
    state: { database: join(folder, `${name}.db`) },
    audit: { log: join(folder, log) },
    control: { socket: join(folder, `${name}.sock`) },
  });
}

function make(t: TestContext) {
  const folder = temporaryFolder(t);
  const open = async (name: string, log: string, handover?: Handover) => {
    const config = configOf(folder, name, log);
    const fixed = { configVersion: '0123456789ab', now: () => T0, log: () => {} };
    const records = await Records.open({ config, ...fixed, ...(handover && { handover }) });
    let closed: Promise<void> | undefined;
    const close = () => (closed ??= records.close());
    t.after(close);
    const ban = async (...clients: readonly string[]) => {
      const of = {
        timeMs: T0,
        actor: 'policy',
        action: 'ban',
        condition: 'scan',
        tier: 1,
        durationSeconds: 600,
      } as const;
      const drafts = clients.map((client) => rowDraft({ ...of, numbers: null, enforced: true, detail: '', client }));
      records.lines.tell(records.trail.append(drafts), []);
      await records.settled();
    };
    const bans = () => records.trail.activeBans(T0).map(({ client }) => client);
    return { records, close, ban, bans };
  };
  return { open };
}

const IN_USE = {
  code: 'in_use',
  message: /audit\.log: is open for writing already; another zban uses it: stop that one, or give/,
};

test('while one runs, another with the same log and a database of its own does not start', async (t) => {
  const { open } = make(t);
  const first = await open('a', 'audit.log');
  await first.ban('192.0.2.1');
  await assert.rejects(open('b', 'audit.log'), IN_USE);
  await first.close();
  assert.deepEqual((await open('a', 'audit.log')).bans(), ['192.0.2.1']);
});

test('a reload to a log that another zban writes is refused, and the old one goes on', async (t) => {
  const { open } = make(t);
  const other = await open('b', 'audit.log');
  const handover: Handover = {};
  const first = await open('a', 'own.log', handover);
  await first.ban('192.0.2.1');
  await first.close();
  await assert.rejects(open('a', 'audit.log', handover), IN_USE);
  const again = await open('a', 'own.log', handover);
  assert.deepEqual(again.bans(), ['192.0.2.1']);
  await other.close();
  await again.close();
  const moved = await open('a', 'audit.log', handover);
  await moved.close();
  await handover.store?.close();
  await (await open('c', 'own.log')).close();
});

test('one after the other: a longer log of another trail is told apart from rows that were lost', async (t) => {
  const { open } = make(t);
  const first = await open('a', 'audit.log');
  await first.ban('192.0.2.1', '192.0.2.2', '192.0.2.3');
  await first.close();
  const own = await open('b', 'own.log');
  await own.ban('198.51.100.1');
  await own.close();
  const { records, bans } = await open('b', 'audit.log');
  assert.match(records.loss ?? '', /is not the one that .*audit\.log was written from: .*give each zban an audit\.log/);
  assert.deepEqual(bans(), ['198.51.100.1']);
});
