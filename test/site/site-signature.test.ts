import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SiteSample } from '../../src/site/site-sample.ts';
import { findSignature } from '../../src/site/site-signature.ts';
import { line, ordinarySample, views } from '../detect/site-lines.ts';

const SAMPLE = ordinarySample();
const bot = (n: number, path = '/search', pattern = path) =>
  line({ path, pattern, agent: 'tool/1', network: `near ${n % 2}`, client: 9000 + n, traits: ['newcomer'] });
const bots = (count: number) => Array.from({ length: count }, (_, n) => bot(n));

test('what is more frequent than usual is named, with its share now and its usual one', () => {
  const signature = findSignature([...bots(160), ...views(10, 0)], SAMPLE, true);
  assert.deepEqual(signature.topPaths, [{ name: '/search', requests: 160, share: 160 / 170, usualShare: 0 }]);
  assert.deepEqual(signature.topUserAgents, [{ name: 'tool/1', requests: 160, share: 0.8, usualShare: 0 }]);
  assert.deepEqual(
    signature.topPrefixes.map(({ name, share, usualShare }) => [name, share, usualShare]),
    [
      ['near 0', 0.4, 0],
      ['near 1', 0.4, 0],
    ],
  );
  assert.deepEqual([signature.newClientShare, signature.usualNewClientShare], [0.8, 0]);
});

test('what is always frequent is not reported', () => {
  const sample = new SiteSample();
  for (const one of [...bots(300), ...views(100, 0)]) sample.take(one);
  sample.commit();
  const signature = findSignature([...bots(90), ...views(100, 0)], sample, true);
  assert.deepEqual([signature.topPaths, signature.topUserAgents, signature.topPrefixes], [[], [], []]);
});

test('the page a crowd lands on stands out, not its files', () => {
  const { topPaths } = findSignature(
    views(100, 0, () => '/landing'),
    SAMPLE,
    true,
  );
  assert.deepEqual(
    topPaths.map(({ name, share }) => [name, share]),
    [['/landing', 1]],
  );
});

test('where all ask for files, a file stands out', () => {
  const lines = Array.from({ length: 100 }, (_, n) =>
    line({ path: '/film.mp4', agent: 'a', network: 'n', client: n, traits: ['file'] }),
  );
  assert.deepEqual(
    findSignature(lines, SAMPLE, true).topPaths.map(({ name, usualShare }) => [name, usualShare]),
    [['/film.mp4', 0]],
  );
});

test('paths of one pattern are one, their numbers folded', () => {
  const lines = Array.from({ length: 100 }, (_, n) => bot(n, `/item/${n}/f00dc0ffee1234${n}`, '/item/0/*'));
  assert.deepEqual(
    findSignature(lines, SAMPLE, true).topPaths.map(({ name, requests }) => [name, requests]),
    [['/item/#/*', 100]],
  );
});

test('without ordinary traffic, or before the clients are known, it says what it does not know', () => {
  const nothing = findSignature(bots(100), new SiteSample(), true);
  assert.deepEqual(
    nothing.topPaths.map(({ usualShare }) => usualShare),
    [null],
  );
  assert.equal(nothing.usualNewClientShare, null);
  const early = findSignature(bots(100), SAMPLE, false);
  assert.deepEqual([early.newClientShare, early.usualNewClientShare], [null, null]);
});

test('a sample forgets the newest minute when it was not ordinary, keeps a bounded number, and survives a restart', () => {
  const sample = ordinarySample();
  for (const one of bots(1000)) sample.take(one);
  sample.discard();
  assert.equal(sample.usual().share('agent', bot(0).agent), 0);
  for (let round = 0; round < 10; round++) {
    for (const one of bots(1000)) sample.take(one);
    sample.commit();
  }
  assert.equal(sample.usual().share('agent', bot(0).agent), 1);
  assert.ok(sample.snapshot().length <= 4 * 2048);
  const next = new SiteSample();
  next.restore(JSON.parse(JSON.stringify(sample.snapshot())));
  assert.equal(next.usual().share('agent', bot(0).agent), 1);
});
