/** Counts whose answer is lost: said again under their number, until they are too old to be news. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClientCounts, SharedNews } from '../../src/engine/shared-counts.ts';
import { OutgoingCounts } from '../../src/fleet/counts.ts';
import { Keys } from '../../src/fleet/keys.ts';
import { ANSWER_MS, type Server } from '../../src/fleet/server.ts';

const counted: readonly ClientCounts[] = [
  { client: '203.0.113.9', counts: [{ rule: 'scan', points: 7, limit: 12, leak: 0.02 }] },
];

/** What is sent to a server that says nothing at first, and then that the client is over the limit. */
function make() {
  const clock = { nowMs: 0 };
  const numbers: string[] = [];
  const options = { host: 'web-1', keys: new Keys('shop'), run: 'r', bans: true, now: () => clock.nowMs };
  const outgoing = new OutgoingCounts(options);
  const silent: Pick<Server, 'run'> = {
    run: async (_script, _keys, words) => {
      numbers.push(words[1] ?? '');
      throw new Error('no answer');
    },
  };
  const answering: Pick<Server, 'run'> = {
    run: async (_script, _keys, words) => {
      numbers.push(words[1] ?? '');
      return ['60000 0 scan 12.5 0.02 1'];
    },
  };
  const send = (server: Pick<Server, 'run'>, clients = counted) => outgoing.send(server as Server, clients);
  return { clock, numbers, outgoing, silent, answering, send };
}

test('counts that a server did not answer in time are said again with the next connection, and what it decided is carried out', async () => {
  const { clock, numbers, outgoing, silent, answering, send } = make();
  await assert.rejects(send(silent), /no answer/);
  // The answer was waited for, and the connection made anew.
  clock.nowMs = ANSWER_MS + 2000;
  const { offences } = await send(answering, []);
  assert.deepEqual(numbers, ['1', '1']);
  assert.deepEqual(
    offences.map(({ client, points, limit }) => [client, points, limit]),
    [['203.0.113.9', 12.5, 12]],
  );
  assert.equal(outgoing.dropped, 0);
});

test('an answer in another form than the script gives counts as none', async () => {
  const { answering, numbers, send } = make();
  for (const answer of [null, 'OK', [['60000 0']], [7]])
    await assert.rejects(send({ run: async () => answer }, numbers.length === 0 ? counted : []), /in another form/);
  assert.equal((await send(answering, [])).offences.length, 1);
});

test('counts that nobody answered for long are dropped and counted', async () => {
  const { clock, numbers, outgoing, silent, answering, send } = make();
  await assert.rejects(send(silent), /no answer/);
  clock.nowMs = 4 * ANSWER_MS;
  assert.deepEqual((await send(answering, [])).offences, []);
  assert.deepEqual(numbers, ['1']);
  assert.equal(outgoing.dropped, 1);
});

test('counts go out every 250 ms and up to a fifth later, so that hosts get out of step; an offence waits for no tick', async () => {
  const { outgoing } = make();
  const exchanged: SharedNews[] = [];
  const exchange = async (news: SharedNews) => {
    exchanged.push(news);
    return { said: counted, watched: 0, leftOut: 0 };
  };
  const ticks: { readonly ms: number; readonly exchanges: number }[] = [];
  const pause = async (ms: number) => {
    if (ticks.length === 100) throw new Error('enough');
    ticks.push({ ms, exchanges: exchanged.length });
  };
  // What the hundredth tick says is an offence, which the next exchange carries out at once.
  const run = async () => [`60000 0 scan 12.5 0.02 ${exchanged.length === 100 ? 1 : 0}`];
  await assert.rejects(
    outgoing.keepExchanging({ run } as unknown as Server, { hosts: () => 2, exchange, pause }),
    /enough/,
  );
  assert.deepEqual(
    ticks.map(({ exchanges }) => exchanges),
    ticks.map((_, at) => at),
  );
  const lengths = ticks.map(({ ms }) => ms);
  assert.ok(Math.min(...lengths) >= 250 && Math.max(...lengths) <= 300, lengths.join());
  assert.ok(new Set(lengths).size > 50, 'hosts that began together stay together');
  assert.deepEqual(
    exchanged.slice(-2).map(({ offences }) => offences.length),
    [0, 1],
  );
});
