/** Who renders pages and is no stranger: what that costs a swarm. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Strangers } from '../../src/swarm/strangers.ts';
import { Clients } from '../../src/traffic/clients.ts';

const NOON = 1_800_000_000;

/** A site on which `visitors` newcomers a minute load `files` files each, for an hour. */
function site(visitors: number, files: number) {
  const clients = new Clients(10_000);
  const strangers = new Strangers(clients, () => false);
  let [second, next] = [NOON, 1];
  const come = (loaded: number): number => {
    const slot = clients.add(0xffff, next++, second);
    strangers.begin(slot, second);
    for (let file = 0; file < loaded; file++) strangers.notePart(slot, file);
    return slot;
  };
  const pass = (minutes: number, perMinute: number, loaded: number, learns = true) => {
    for (const end = second + 60 * minutes; second < end; second += 60) {
      for (let i = 0; i < perMinute; i++) come(loaded);
      strangers.advance(second, learns);
    }
  };
  pass(60, visitors, files);
  return { strangers, clients, come, pass, isStranger: (slot: number) => strangers.is(slot, second) };
}

test('where visitors load a dozen files each, one picture or five times the same make nobody a visitor', () => {
  const { strangers, come, isStranger } = site(10, 12);
  const slot = come(1);
  for (let i = 0; i < 5; i++) strangers.notePart(slot, 0);
  assert.ok(isStranger(slot));
  assert.ok(isStranger(come(5)));
  assert.ok(!isStranger(come(6)), 'half of the files: the others are in its cache');
});

test('where a page has one file, that one makes a visitor', () => {
  const { come, isStranger } = site(10, 1);
  assert.ok(!isStranger(come(1)));
  assert.ok(isStranger(come(0)));
});

test('a swarm whose addresses load a picture each does not make that usual while more come than usual', () => {
  const { come, pass, isStranger } = site(10, 12);
  pass(30, 100, 1, false);
  assert.ok(isStranger(come(1)));
});

test('how many files visitors load survives a restart', () => {
  const before = site(10, 12);
  const clients = new Clients(100);
  const after = new Strangers(clients, () => false);
  after.restore(before.strangers.snapshot(NOON + 3600));
  const slot = clients.add(0xffff, 1_000_000, NOON);
  after.begin(slot, NOON);
  after.notePart(slot, 0);
  assert.ok(after.is(slot, NOON));
});

test('who was seen before a restart is no stranger after it, unless the log was not read for long', () => {
  const later = NOON + 3 * 3600;
  const { strangers, clients, come, pass } = site(10, 12);
  const visitor = come(0);
  const [high, low] = [clients.high(visitor), clients.low(visitor)];
  pass(120, 10, 12);
  const state = strangers.snapshot(later);
  const restored = (second: number) => {
    const table = new Clients(100);
    const after = new Strangers(table, () => false);
    after.restore(state);
    const [again, newcomer] = [table.add(high, low, second), table.add(high, low + 1_000_000, second)];
    for (const slot of [again, newcomer]) after.begin(slot, second);
    return { again: after.is(again, second), newcomer: after.is(newcomer, second), usual: after.usual(second, 60) };
  };
  const { again, newcomer, usual } = restored(later);
  assert.deepEqual([again, newcomer], [false, true]);
  assert.equal(usual, 0, 'all of them render pages');
  assert.equal(restored(later + 7200).usual, undefined);
});
