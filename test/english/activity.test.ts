import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeActivity } from '../../src/english/activity.ts';
import { spellDuration } from '../../src/english/duration.ts';
import { describeLearned } from '../../src/english/learned.ts';
import { evidenceOf } from '../support/evidence.ts';

const sample = (path: string, status = 404) => ({ time: '', method: 'GET', path, status, user_agent: '' });
const scan = (...samples: readonly ReturnType<typeof sample>[]) =>
  describeActivity('scan', evidenceOf('scan', { samples }));

test('a scan is named by what it looked for: refused paths, each once, three at most', () => {
  assert.equal(scan(sample('/.env')), 'scanning for .env');
  assert.equal(
    scan(sample('/', 200), sample('/a/.env?x'), sample('/.env'), sample('/x/phpinfo.php'), sample('/.git/config')),
    'scanning for .env, phpinfo.php and .git/config',
  );
  assert.equal(scan(...['/a', '/b', '/c', '/d'].map((path) => sample(path))), 'scanning for a, b and c');
  assert.equal(scan(sample('/')), 'scanning for pages that do not exist');
});

test('a name that could mean something to a screen is left out', () => {
  for (const path of ['/<b>', '/a b', '/`x`', '/@all', '/*', '/%00', `/${'x'.repeat(41)}`, '/\u202eexe'])
    assert.equal(scan(sample(path)), 'scanning for pages that do not exist', path);
});

test('brute force is named by the path that most requests were for', () => {
  const force = (...paths: readonly string[]) =>
    describeActivity('brute_force', evidenceOf('brute_force', { samples: paths.map((path) => sample(path, 200)) }));
  assert.equal(force('/', '/wp-login.php', '/wp-login.php?x=1'), 'brute force on /wp-login.php');
  assert.equal(force('/<b>'), 'brute force');
  assert.equal(force(), 'brute force');
});

test('rates are compared with what was learned only where something was', () => {
  const told = (mean: number | null) =>
    describeActivity('multiplier', evidenceOf('multiplier', { learned: { mean, stddev: mean, error_ratio: mean } }));
  assert.equal(told(0.7), '330 requests in 60 s, 7.4 times the usual rate');
  assert.equal(told(null), '330 requests in 60 s, more than the default limit');
});

test('a person measures nothing, and a newer condition is not guessed at', () => {
  assert.equal(describeActivity('manual', {}), undefined);
  assert.equal(describeActivity('newer', evidenceOf('scan')), undefined);
  assert.equal(describeActivity('scan', evidenceOf('scan', { samples: [] })), 'scanning for pages that do not exist');
});

test('durations in a sentence have two units at most', () => {
  const spelt = [0, 45, 600, 5400, 7200, 93_784, 604_800].map((seconds) => spellDuration(seconds * 1000));
  assert.deepEqual(spelt, ['0 s', '45 s', '10 min', '1 h 30 min', '2 h', '1 d 2 h', '7 d']);
});

test('a default is called a default', () => {
  assert.equal(describeLearned('1/s', '1/s'), '1/s');
  assert.equal(describeLearned('1/s', '2/s'), '1/s (below the minimum, counted as 2/s)');
  assert.equal(describeLearned(undefined, '2/s'), '2/s (default, nothing learned lately)');
});
