import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRotatedName, isSameSeries } from '../../src/source/rotated-names.ts';

test('the names that logrotate and its like give are recognised', () => {
  for (const name of [
    'access.log.1',
    'access.log.12.gz',
    'access.log-20260101',
    'access.log-20260101.gz',
    'access.log-2026-01-01_03:00',
    'access.log.1767225600',
    'access.log.old',
    'access-20260101.log',
    'access-20260101.log.gz',
    'access.2026-01-01.log',
    'access.log.1.xz',
    'access.log-20260101.zst',
    'access.1.log',
    'access.12.log.bz2',
  ]) {
    assert.equal(isRotatedName('access.log', name), true, name);
  }
});

test("other logs' names are not taken for rotated ones", () => {
  for (const name of [
    'access.log',
    'access.log.gz',
    'access-2.log',
    'access2.log',
    'access.log2',
    'error.log',
    'access.log.bak',
    'access.logs',
  ]) {
    assert.equal(isRotatedName('access.log', name), false, name);
  }
  assert.equal(isRotatedName('access', 'access-api'), false);
});

test('dated files along which a link is switched are one series, numbered sites are not', () => {
  assert.equal(isSameSeries('access-20260101.log', 'access-20260102.log.gz'), true);
  assert.equal(isSameSeries('site-1.log', 'site-2.log'), false);
});
