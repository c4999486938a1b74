/** Database and text audit log as one instance leaves them to the next. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Handover } from '../../src/daemon/records/record-store.ts';
import { ban, NOTHING_LEARNED, place, STORY } from './records-fixtures.ts';

test('the next instance gets the open database, its text log may lie elsewhere; one with another database opens that', async (t) => {
  const [a, b] = [place(t), place(t)];
  const handover: Handover = {};
  const first = await a.open(undefined, { handover });
  await first.record(STORY);
  await first.records.close();
  // Nothing of it can be read any more.
  a.remove();
  rmSync(a.log);
  const audit = { ...a.config.audit, log: join(a.folder, 'moved.log') };
  const config = { ...a.config, audit };
  const second = await a.open(undefined, { handover, config, configVersion: 'ba9876543210' });
  await second.record([ban('192.0.2.9')]);
  assert.deepEqual(second.bans(), ['192.0.2.1', '192.0.2.2', '192.0.2.9']);
  assert.match(readFileSync(audit.log, 'utf8'), / BAN 192\.0\.2\.9 .*#7/);
  assert.equal(existsSync(a.log), false);
  assert.equal(second.records.trail.query({ limit: 1, newestFirst: true })[0]?.configVersion, 'ba9876543210');
  await second.records.close();
  const third = await b.open(undefined, { handover, config: b.config });
  assert.deepEqual([third.bans(), handover.store], [[], undefined]);
  // Its writer is gone: the lock is free.
  await (await a.open()).records.close();
  await third.records.close();
  await handover.store?.close();
});

test('rows that are lost stay so for every instance that follows, and the firewall is asked for their bans once', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const { open, remove, verify } = place(t);
  const first = await open();
  await first.record(STORY);
  await first.records.close();
  remove();
  const handover: Handover = {};
  t.after(() => handover.store?.close());
  for (let instance = 0; instance < 3; instance++) {
    const { records, troubles, done } = await open(undefined, { handover });
    assert.equal(records.loss !== undefined, instance === 0, 'who lifted a ban since does not get it back');
    records.start(troubles, NOTHING_LEARNED);
    for (let look = 0; look < 2; look++) {
      assert.match(troubles.list().join(), /entries #1 to #6 of the audit trail are missing/);
      t.mock.timers.tick(1000);
      await done();
    }
    // A loss that nothing came of does not hide the one before.
    records['noteFinding']({ what: 'it was deleted', outcome: 'restored' });
    assert.match(troubles.list().join(), /entries #1 to #6 of the audit trail are missing/);
    await records.close();
    assert.equal(verify(), 'entries #1 to #6 are missing');
  }
});

test('a loss while zban runs stays for the next instance; that the log is of another trail only until it names its own', async (t) => {
  const [a, b] = [place(t), place(t)];
  const handover: Handover = {};
  t.after(() => handover.store?.close());
  const other = await b.open();
  await other.record(STORY.slice(1));
  await other.records.close();
  const next = async (audit = a.config.audit) => {
    const { records, troubles, record } = await a.open(undefined, { handover, config: { ...a.config, audit } });
    records.start(troubles, NOTHING_LEARNED);
    return { said: troubles.list().join(), records, record };
  };
  const foreign = { ...a.config.audit, log: b.log };
  const said: string[] = [];
  const first = await next();
  await first.record(STORY.slice(0, 5));
  await first.records.close();
  for (const audit of [foreign, foreign, a.config.audit]) {
    const instance = await next(audit);
    said.push(instance.said);
    await instance.records.close();
  }
  const { records } = await next();
  records['noteFinding']({ what: 'it was deleted', outcome: 'lost' });
  await records.close();
  const last = await next();
  said.push(last.said);
  await last.records.close();
  const words = said.map((text) => /is not the one that|it was deleted while zban ran|^$/.exec(text)?.[0]);
  assert.deepEqual(words, ['is not the one that', 'is not the one that', '', 'it was deleted while zban ran']);
});
