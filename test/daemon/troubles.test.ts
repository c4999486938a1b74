import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type StoodBefore, type Trouble, Troubles } from '../../src/daemon/troubles.ts';

function make(before?: StoodBefore, isTelling = true) {
  const logged: string[] = [];
  const told: Trouble[] = [];
  const over: Trouble[] = [];
  const troubles = new Troubles({
    log: (level, message) => void logged.push(`${level} ${message}`),
    before,
  });
  const tell = () =>
    troubles.tell({ onBegin: (trouble) => void told.push(trouble), onEnd: (trouble) => void over.push(trouble) });
  if (isTelling) tell();
  return { troubles, logged, told, over, tell };
}

test('a trouble is told when it begins, listed while it stands, and told when it is over', () => {
  const { troubles, logged, told, over } = make();
  troubles.begin('database', 'the disk is full', 'make room');
  assert.deepEqual(told, [{ key: 'database', what: 'the disk is full', fix: 'make room' }]);
  assert.deepEqual(logged, ['error the disk is full']);
  troubles.begin('database', 'the disk is full; 7 rows wait', 'make room');
  assert.equal(told.length, 1, 'silent while the same one stands');
  assert.deepEqual(troubles.list(), ['the disk is full; 7 rows wait; make room'], 'but the newest words are shown');
  troubles.end('database');
  troubles.end('database');
  assert.deepEqual(logged, ['error the disk is full', 'info over: the disk is full; 7 rows wait']);
  assert.deepEqual(troubles.list(), []);
  const newest = { key: 'database', what: 'the disk is full; 7 rows wait', fix: 'make room' };
  assert.deepEqual(over, [newest], 'its end is reported once');
  troubles.begin('database', 'the disk is full again');
  assert.equal(told.length, 2, 'a new one is told again');
  assert.deepEqual(troubles.list(), ['the disk is full again']);
});

test('troubles of different parts stand beside each other', () => {
  const { troubles, told } = make();
  troubles.begin('log /a', 'a');
  troubles.begin('log /b', 'b');
  troubles.end('log /a');
  troubles.end('log /c');
  assert.equal(told.length, 2);
  assert.deepEqual(troubles.list(), ['b']);
});

test('what stood before a reload is told once, and so is its end; what begins anew is told again', () => {
  const first = make();
  for (const key of ['fleet', 'log /a']) first.troubles.begin(key, 'away');
  first.troubles.end('log /a');
  const { troubles, told, over, logged } = make(first.troubles.standingNow());
  for (const key of ['fleet', 'log /a']) troubles.begin(key, 'away');
  assert.deepEqual(
    told.map(({ key }) => key),
    ['log /a'],
  );
  assert.deepEqual([troubles.list().length, logged.length], [2, 2], 'the status and the journal have both');
  troubles.end('fleet');
  assert.deepEqual(
    over.map(({ key }) => key),
    ['fleet'],
  );
  troubles.begin('fleet', 'away');
  assert.deepEqual(
    told.map(({ key }) => key),
    ['log /a', 'fleet'],
  );
  const fleet = { key: 'fleet', what: 'away', fix: '' };
  const late = make({ troubles: new Map([['fleet', fleet]]), atMs: performance.now() - 60_000 });
  late.troubles.begin('fleet', 'away');
  assert.equal(late.told.length, 1, 'long after the reload it is another one');
});

test('the end of what stood before a reload is told once, where it is known to be over', () => {
  const first = make();
  for (const key of ['reload', 'fleet']) first.troubles.begin(key, 'away');
  const { troubles, over, logged } = make(first.troubles.standingNow());
  for (let i = 0; i < 2; i++) troubles.endBefore('reload');
  troubles.endBefore('log /a');
  assert.deepEqual([over.map(({ key }) => key), logged], [['reload'], ['info over: away']]);
});

test('what nobody has looked at since a reload is not over, and is carried on until somebody has', () => {
  const first = make();
  for (const key of ['database', 'lanes', 'log /a', 'lost rows']) first.troubles.begin(key, key);
  const second = make(first.troubles.standingNow());
  second.troubles.begin('lanes', 'lanes');
  // What is no longer found says nothing of what stood before.
  second.troubles.end('database');
  second.troubles.set('log /a', undefined);
  assert.deepEqual(second.over, []);
  const { troubles, told, over } = make(second.troubles.standingNow());
  troubles.endAllBefore((key) => key.startsWith('log '));
  for (const key of ['database', 'lanes', 'database']) troubles.looked(key, undefined);
  assert.deepEqual(
    [told.length, over.map(({ key }) => key)],
    [0, ['log /a', 'database', 'lanes']],
    'each once, and nothing of the lost rows',
  );
  troubles.looked('lanes', 'anew');
  assert.deepEqual([told.map(({ what }) => what), troubles.list()], [['anew'], ['anew']]);
  troubles.looked('lanes', undefined);
  assert.equal(over.length, 4);
});

test('what begins before people can be told is told then, unless it is over or was told before a reload', () => {
  const { troubles, logged, told, over, tell } = make(
    { troubles: new Map([['fleet', { key: 'fleet', what: 'away', fix: '' }]]), atMs: performance.now() },
    false,
  );
  for (const key of ['robots', 'fleet', 'log /a']) troubles.begin(key, 'away');
  troubles.end('log /a');
  assert.deepEqual([told, over, logged.length], [[], [], 4]);
  tell();
  troubles.end('robots');
  const robots = { key: 'robots', what: 'away', fix: '' };
  assert.deepEqual([told, over], [[robots], [robots]]);
});
