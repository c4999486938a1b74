/** A process that is stopped for a while (SIGSTOP, docker pause, a disk that keeps it waiting) while nginx writes on. */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { logLine } from '../support/traffic.ts';

const SCANNER = '203.0.113.9';
const STOPPED_S = 4;
const now = () => Math.floor(Date.now() / 1000);

test('what was written while zban was stopped is judged once it goes on, of all logs', async (t) => {
  const daemon = new TestDaemon();
  t.after(() => daemon.close());
  const logs = [daemon.log, `${daemon.log}.other`];
  // Seconds in the place of minutes.
  daemon.configure({ logs: logs.map((path) => ({ path })), detection: { out_of_order: '1s' } });
  for (const log of logs) writeFileSync(log, `${logLine(now(), '192.0.2.1')}\n`);
  const { pid = 0 } = await daemon.start();
  for (const log of logs) appendFileSync(log, `${logLine(now(), '192.0.2.1')}\n`);
  await until('the first lines', () => daemon.status()?.lines_total === 2);
  process.kill(pid, 'SIGSTOP');
  await until('it is stopped', () => / T /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')));
  const stoppedS = now();
  // The older lines are in the log that is read last.
  const lines = (log: number) =>
    Array.from({ length: 100 }, (_, n) =>
      logLine(stoppedS + (log === 0 ? STOPPED_S : 0), SCANNER, `/${log}-${n}.php`, 404),
    );
  for (const [n, log] of logs.entries())
    appendFileSync(
      log,
      lines(n)
        .map((line) => `${line}\n`)
        .join(''),
    );
  await until('that time is over', () => now() > stoppedS + STOPPED_S);
  process.kill(pid, 'SIGCONT');
  const status = await until('all is read', () => {
    const answer = daemon.status();
    return answer?.lines_total === 202 && answer;
  });
  assert.equal(status.discarded['late_lines'], 0);
  const [ban] = await until('the ban', () => {
    const bans = daemon.json<{ ip: string; since: string }[]>('list');
    return bans.length > 0 && bans;
  });
  assert.equal(ban?.ip, SCANNER);
  assert.equal(Date.parse(ban.since) / 1000, stoppedS, 'by the first lines of its scan');
});
