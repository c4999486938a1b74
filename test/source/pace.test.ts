import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../../src/source/pace.ts';

const POLL_MS = 20;

/** A pace whose kernel is played by the test. */
function paced(watch?: () => void) {
  const said: string[] = [];
  const events: ((event: string, name: string | null) => void)[] = [];
  let changes = 0;
  const pace = new Pace({
    pollMs: POLL_MS,
    log: (_level, message, fields) => said.push(`${message}: ${fields?.['cause']}`),
    onChange: () => changes++,
    watch: (_directory, onEvent) => {
      watch?.();
      events.push(onEvent);
      return { close: () => events.splice(events.indexOf(onEvent), 1) };
    },
  });
  return {
    said,
    changes: () => changes,
    watching: () => events.length > 0,
    report: (name = 'access.log', event = 'change') => events.at(-1)?.(event, name),
    next: (found = false) => pace.next(found, () => ['/nowhere/access.log']),
    /** Looks until it sleeps. */
    idle: () => {
      for (let looks = 0; looks < 10; looks++) if (pace.next(false, () => ['/nowhere/access.log']) === 'asleep') return;
      assert.fail('it does not sleep');
    },
  };
}

test('looks often while lines come, and sleeps on the word of the kernel when none do', () => {
  const { next, watching, report, changes } = paced();
  for (let look = 0; look < 100; look++) assert.equal(next(look % 3 === 0), POLL_MS);
  assert.ok(!watching(), 'no report for every line');
  assert.deepEqual([next(), next(), next(), next()], [POLL_MS, POLL_MS, 0, 'asleep'], 'one look more once it watches');
  assert.ok(watching());
  report('other.log');
  assert.equal(changes(), 0);
  report();
  assert.equal(changes(), 1);
  assert.ok(!watching());
  assert.deepEqual([next(true), next(), next()], [POLL_MS, POLL_MS, POLL_MS]);
});

test('lines found by the look right after it began to watch are nothing that the kernel missed', () => {
  const { next, said, idle } = paced();
  for (let time = 0; time < 5; time++) {
    while (next() !== 0);
    assert.equal(next(true), POLL_MS);
  }
  idle();
  assert.deepEqual(said, []);
});

test('a report that comes with the look is none that was missed', () => {
  const { next, said, idle, report } = paced();
  for (let time = 0; time < 5; time++) {
    idle();
    assert.equal(next(true), POLL_MS);
    report();
  }
  idle();
  assert.deepEqual(said, []);
});

test('where the kernel reports nothing, it goes on looking, and says so once', () => {
  const { next, said, idle } = paced();
  for (let time = 0; time < 2; time++) {
    idle();
    assert.equal(next(true), POLL_MS);
  }
  for (let look = 0; look < 20; look++) assert.equal(next(), POLL_MS);
  assert.deepEqual(said, [
    'looking at the logs every 20 ms, also while they are idle: the file system does not report changes',
  ]);
});

test('where nothing can be watched, it goes on looking, and says so once', () => {
  const { next, said } = paced(() => {
    throw Object.assign(new Error('ENOSPC: no watches left'), { code: 'ENOSPC' });
  });
  for (let look = 0; look < 20; look++) assert.equal(next(), POLL_MS);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /ENOSPC/);
});

test('a directory that is not there yet does not end the watching', () => {
  let there = false;
  const { said, idle, watching, next } = paced(() => {
    if (!there) throw Object.assign(new Error('no such directory'), { code: 'ENOENT' });
  });
  idle();
  there = true;
  assert.equal(next(true), POLL_MS);
  idle();
  assert.ok(watching());
  assert.deepEqual(said, []);
});
