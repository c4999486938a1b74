/** A ban by the running daemon, explained while it runs and after it has stopped, in observe mode and enforcing. */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { logLine } from '../support/traffic.ts';

const ATTACKER = '203.0.113.250';

interface Explained {
  readonly client: string;
  readonly entry: { readonly id: number; readonly condition: string; readonly numbers: Record<string, number> };
  readonly reason: { readonly did: string; readonly tolerated: string };
  readonly activities: readonly { readonly name: string; readonly requests: number }[];
  readonly commands: Readonly<Record<string, string>>;
}

for (const mode of ['enforce', 'observe'] as const) {
  test(`a scanner is explained in ${mode} mode, with the daemon running and stopped`, async (t) => {
    // At the first line limits are three times as high.
    const daemon = new TestDaemon({
      config: { mode, detection: { points: { scan: { limit: 4 } } }, bans: { max_share: 1 } },
    });
    t.after(() => daemon.close());
    writeFileSync(daemon.log, '');
    await daemon.start();
    const second = Math.floor(Date.now() / 1000);
    const probe = (n: number) => logLine(second, ATTACKER, `/probe-${String.fromCharCode(97 + n)}.php`, 404, 'curl/8');
    appendFileSync(daemon.log, `${Array.from({ length: 20 }, (_, n) => probe(n)).join('\n')}\n`);
    await until('the ban', () => daemon.auditText().includes(`BAN ${ATTACKER} | scan`));
    if (mode === 'enforce') {
      const isConfirmed = () => daemon.json<{ confirmed: boolean }[]>('list')[0]?.confirmed;
      await until('the firewall to confirm it', isConfirmed);
    }
    for (const stopped of [false, true]) {
      if (stopped) await daemon.stop();
      const { status, stdout } = daemon.zban('explain', ATTACKER);
      assert.equal(status, 0);
      const text = stdout.replace(/\s+/g, ' ');
      assert.ok(text.startsWith(`${ATTACKER} ${mode === 'enforce' ? 'is' : 'would be'} banned until `), stdout);
      assert.match(
        text,
        /Why probing for what is not there \(scan\)\. It sent \d+ requests in 1 s, \d+ of them refused/,
      );
      assert.match(
        text,
        /Limit A burst of about 12 requests for paths where nobody else is served, then 1\.2 a minute, would have been/,
      );
      assert.match(text, /In the hour before: 20 requests within a second, .*: 4xx \(20\)\. 20 paths: /);
      assert.ok(stdout.includes(`zban unban ${ATTACKER} --config ${daemon.configPath}\n`), stdout);
      assert.ok(
        stdout.split('\n').every((line) => line.length <= 100 || line.includes('--config')),
        stdout,
      );
      const told = daemon.json<Explained>('explain', `#${daemon.json<Explained>('explain', ATTACKER).entry.id}`);
      assert.deepEqual([told.client, told.entry.condition], [ATTACKER, 'scan']);
      assert.ok(text.includes(told.reason.did) && text.includes(told.reason.tolerated));
      assert.equal(told.entry.numbers['points_limit'], 12);
      assert.deepEqual(told.activities.map(({ name, requests }) => [name, requests])[0], ['hour_before', 20]);
      assert.equal(told.commands['unban'], `zban unban ${ATTACKER} --config ${daemon.configPath}`);
      assert.equal(told.commands['allow'], `zban allow ${ATTACKER} --config ${daemon.configPath}`);
    }
  });
}
