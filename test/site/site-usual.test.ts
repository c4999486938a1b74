import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SiteUsual } from '../../src/site/site-usual.ts';
import { ENGINE } from '../support/engine.ts';

const HOUR = 3600;
/** Midnight. */
const START = 1_767_225_600;

/** Windows of a minute from second `from` on, all with the same load. */
function learn(usual: SiteUsual, from: number, minutes: number, requests: number, newcomers = 0): void {
  for (let minute = 1; minute <= minutes; minute++)
    usual.commit({ requests, newcomers, clients: requests / 10, lines: 2 * requests }, from + 60 * minute - 1);
}

test('nothing is usual before a window was followed by another', () => {
  const usual = new SiteUsual(ENGINE.baseline, 60);
  assert.equal(usual.at(START), undefined);
  learn(usual, START, 1, 50);
  assert.equal(usual.at(START), undefined);
  learn(usual, START + 60, 1, 1000);
  assert.equal(usual.at(START)?.requests, 50);
});

test('the newest window is forgotten when it turns out not to have been ordinary', () => {
  const usual = new SiteUsual(ENGINE.baseline, 60);
  learn(usual, START, 10, 50);
  learn(usual, START + 600, 1, 5000);
  usual.discard();
  learn(usual, START + 660, 10, 50);
  assert.equal(usual.at(START + 1200)?.requests, 50);
});

test('it follows the last half hour, and knows what an hour of the day brings', () => {
  const usual = new SiteUsual(ENGINE.baseline, 60);
  learn(usual, START + 9 * HOUR, 61, 900);
  learn(usual, START + 22 * HOUR, 61, 100);
  const at = (hour: number) => usual.at(START + hour * HOUR)?.requests ?? 0;
  assert.ok(at(23) > 100 && at(23) < 250, `${at(23)} after an hour`);
  assert.equal(Math.round(at(24 + 9)), 900, 'the next morning is expected');
  assert.ok(at(24 + 12) < 250, 'an hour that was never seen is not');
});

test('newcomers count once the clients are known, and after a restart again', () => {
  const usual = new SiteUsual(ENGINE.baseline, 60);
  learn(usual, START, 60, 100, 7);
  assert.deepEqual([usual.knowsClients, usual.at(START)?.newcomers], [false, Number.POSITIVE_INFINITY]);
  learn(usual, START + HOUR, 31, 100, 7);
  assert.deepEqual([usual.knowsClients, usual.at(START)?.newcomers], [true, 7]);
  const next = new SiteUsual(ENGINE.baseline, 60);
  next.restore(JSON.parse(JSON.stringify(usual.snapshot())));
  assert.deepEqual([next.knowsClients, next.at(START)?.requests, next.at(START)?.lines], [false, 100, 200]);
});
