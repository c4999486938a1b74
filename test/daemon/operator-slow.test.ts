/** Orders while the firewall takes longer than a person waits, or cannot do what it should. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetResult } from '../../src/control/protocol.ts';
import { until } from '../support/until.ts';
import { make, WHO } from './orders.ts';

const lines = (results: readonly TargetResult[]) =>
  results.map(({ target, ok, code, message }) => `${target} ${ok} ${code}: ${message}`);
const UNCONFIRMED = 'the firewall has not confirmed that yet and may still block it; zban keeps trying';

test('who orders a few bans hears in time that the firewall has not answered, and nothing that may be false', async (t) => {
  const { operator, ban, unban, gate, held, told } = make(t, { answerMs: 20 });
  await ban('198.51.100.7', '198.51.100.8');
  const { promise, resolve: open } = Promise.withResolvers<void>();
  gate.open = promise;
  told.splice(0);
  assert.deepEqual(lines(await ban('198.51.100.9')), [
    '198.51.100.9 false failed: the firewall has not confirmed it yet; zban keeps trying',
  ]);
  const lifted = [`198.51.100.7 false failed: its ban is lifted; ${UNCONFIRMED}`];
  assert.deepEqual(lines(await unban('198.51.100.7')), lifted);
  assert.deepEqual(lines(await unban('198.51.100.7')), lifted, 'not: not banned');
  const allow = (target: string) => operator.allow({ targets: [target], remove: false, ...WHO });
  assert.deepEqual(lines(await allow('198.51.100.8')), [`198.51.100.8 false failed: allowed; ${UNCONFIRMED}`]);
  assert.deepEqual(lines(await allow('203.0.113.1')), ['203.0.113.1 true done: allowed'], 'nothing to lift');
  assert.ok(held.has('198.51.100.7'));
  assert.deepEqual(
    told.filter(({ kind }) => kind === 'unban'),
    [],
    'people hear of it when it is so',
  );
  open();
  await until('it is carried out', () => !held.has('198.51.100.7') && told.some(({ kind }) => kind === 'unban'));
  await until(
    'it is known',
    async () => lines(await unban('198.51.100.7'))[0] === '198.51.100.7 false not_found: not banned',
  );
});

test('many bans are waited for', async (t) => {
  const { order, unban, gate, held } = make(t, { answerMs: 0 });
  const many = Array.from({ length: 30 }, (_, n) => `198.51.100.${n}`);
  gate.open = new Promise((resolve) => setImmediate(() => setTimeout(resolve, 1)));
  assert.ok((await order(many)).every(({ ok }) => ok));
  gate.open = new Promise((resolve) => setImmediate(() => setTimeout(resolve, 1)));
  assert.ok((await unban(...many)).every(({ ok }) => ok));
  assert.equal(held.size, 0);
});

test('who asks again for what the firewall could not lift hears that it still blocks', async (t) => {
  const { ban, unban, stuck } = make(t);
  await ban('198.51.100.0/24');
  stuck.add('198.51.100.0/24');
  await unban('198.51.100.0/24');
  assert.deepEqual(lines(await unban('198.51.100.0/24', '198.51.100.7', '203.0.113.1')), [
    '198.51.100.0/24 false failed: still blocked by the firewall: busy',
    '198.51.100.7 false failed: still blocked by 198.51.100.0/24',
    '203.0.113.1 false not_found: not banned',
  ]);
});
