import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRefused } from '../../src/cli/report/not-banned.ts';
import { ReplayReport } from '../../src/replay/report.ts';
import { refusedEvent } from '../daemon/fixtures.ts';

const KEPT = 20_000;
const addressOf = (index: number) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

test('refusals of clients beyond those that a report keeps are said', () => {
  const report = new ReplayReport();
  const heading = () => describeRefused(report, false).split('\n', 1)[0];
  for (let index = 0; index < KEPT; index++) report.add(refusedEvent(addressOf(index)));
  report.add(refusedEvent(addressOf(0)));
  assert.equal(heading(), '20,000 clients crossed a limit and would not have been banned:');
  for (let times = 0; times < 3; times++) report.add(refusedEvent(addressOf(KEPT)));
  assert.equal(
    heading(),
    '20,000 clients crossed a limit and would not have been banned; so did others, not listed, 3 times:',
  );
});

test('every time that the fuse would have tripped counts', () => {
  const report = new ReplayReport();
  const fuse = { event: 'fuse', reason: 'max_share', detail: 'too many' } as const;
  const time = (second: number) => new Date(1_795_169_472_000 + second * 1000).toISOString();
  for (let trip = 0; trip < 1500; trip++) {
    report.add({ ...fuse, phase: 'tripped', time: time(2 * trip), until: time(2 * trip + 1) });
    report.add({ ...fuse, phase: 'reset', time: time(2 * trip + 1) });
  }
  assert.deepEqual([report.fuse?.time, report.fuseTrips], [time(0), 1500]);
});
