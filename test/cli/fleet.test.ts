/** What `zban status` and `zban fleet status` say of bans: no ban counts as held that the firewall has not confirmed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatFleet } from '../../src/cli/commands/fleet.ts';
import { formatStatus } from '../../src/cli/commands/status.ts';
import type { Status } from '../../src/model/status.ts';
import { fleetHost, fleetReport } from '../http/examples.ts';
import { status } from '../support/status.ts';

test('bans that a firewall has not confirmed are pending', () => {
  const hosts = [fleetHost({ bans: 1200, pending: 1100 }), fleetHost({ host: 'web-2', bans: 1200 })];
  const page = formatFleet(fleetReport(hosts), 200);
  assert.match(page, /^web-1 .* 1,200 \(1,100 pending\) /m);
  assert.match(page, /^web-2 .* 1,200 {2}/m);
  const ofStatus = (pending: Partial<Status>) => formatStatus(status({ active_bans: 3, ...pending }), 0, 80);
  assert.match(ofStatus({ pending_bans: 2 }), /^bans in force +3 \(2 pending\)$/m);
  for (const none of [{ pending_bans: 0 }, {}]) assert.match(ofStatus(none), /^bans in force +3$/m);
});
