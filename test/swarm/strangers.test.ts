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
  return { strangers, come, pass, isStranger: (slot: number) => strangers.is(slot, second) };
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
  after.restore(before.strangers.snapshot());
  const slot = clients.add(0xffff, 1, NOON);
  after.begin(slot, NOON);
  after.notePart(slot, 0);
  assert.ok(after.is(slot, NOON));
});
