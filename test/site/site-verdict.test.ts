import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeSurge } from '../../src/english/surge.ts';
import type { NamedLine } from '../../src/site/site-line.ts';
import { SiteSample } from '../../src/site/site-sample.ts';
import { findVerdict } from '../../src/site/site-verdict.ts';
import { line, type Made, ordinarySample, views } from '../detect/site-lines.ts';

const USUAL = ordinarySample();
const UNKNOWN = new SiteSample();

/** Requests of as many clients for the one path, with a change. */
const flood = (count: number, change: (n: number) => Partial<Made> = () => ({})): NamedLine[] =>
  Array.from({ length: count }, (_, n) =>
    line({ path: '/search', agent: `Browser/${n % 40}`, network: `far ${n}`, client: 5000 + n, ...change(n) }),
  );

/** The verdict, and its reasons in words. */
const judge = (...surge: Parameters<typeof findVerdict>) => {
  const { verdict, detail } = findVerdict(...surge);
  return { verdict, detail: describeSurge(verdict, detail) };
};

test("a newsletter's readers look like visitors: files, referers, browsers of many kinds", () => {
  const crowd = views(200, 1000, (n) => (n % 3 === 0 ? `/page-${n % 20}` : '/landing'));
  const { verdict, detail } = judge(crowd, 0, USUAL, false);
  assert.equal(verdict, 'visitors');
  assert.match(
    detail,
    /^looks like a crowd of visitors: of the requests above normal, 75 % are for static files \(usually 75 %\), 75 % come from a page or link \(usually 75 %\), 40 kinds of user agents \(usually 40\), 0 % are refused/,
  );
});

test('and so they do where zban has learned nothing yet', () => {
  assert.equal(judge(views(200, 1000), 0, UNKNOWN, false).verdict, 'visitors');
});

test("a flood for one path looks like an attack, though it has the browsers' names", () => {
  const { verdict, detail } = judge(flood(300), 0, USUAL, false);
  assert.equal(verdict, 'attack');
  assert.match(
    detail,
    /^looks like a distributed attack: of the requests above normal, 0 % are for static files \(usually 75 %\), 100 % ask for one path \(usually 0 %\), 0 % come from a page or link \(usually 75 %\)$/,
  );
});

test('every sign of an attack is given with its numbers', () => {
  const signs: readonly (readonly [NamedLine[], RegExp])[] = [
    [flood(300, () => ({ agent: 'tool/1' })), /one user agent sends 100 % \(usually 0 %\)/],
    [flood(300, (n) => ({ agent: `tool/${n % 5}` })), /100 % come from 5 kinds of user agents that are not usual here/],
    [flood(300, (n) => ({ agent: `Browser/${n % 8}` })), /8 kinds of user agents \(usually 40\)/],
    [flood(300, () => ({ traits: ['refused'] })), /100 % are refused \(4xx\) \(usually 0 %\)/],
    [flood(300, (n) => ({ network: `near ${n % 3}` })), /3 networks send 100 % \(usually 0 %\)/],
    [flood(300, () => ({ network: 'near' })), /one network sends 100 % \(usually 0 %\)/],
    [flood(300, (n) => ({ query: `?${n}` })), /100 % carry a query \(usually 0 %\), nearly all of them different/],
    [flood(300, (n) => ({ client: n % 30 })), /90 % ask for the same path again/],
  ];
  for (const [lines, expected] of signs) {
    const { verdict, detail } = judge(lines, 0, UNKNOWN, false);
    const known = judge(lines, 0, USUAL, false);
    assert.equal(known.verdict, 'attack');
    assert.match(`${known.detail} ${detail}`, expected);
    assert.notEqual(verdict, 'visitors');
  }
});

test('a flood for one static file is not a page load', () => {
  const lines = flood(300, () => ({ path: '/film.mp4', traits: ['file', 'referred'] }));
  assert.notEqual(judge(lines, 0, USUAL, false).verdict, 'visitors');
  assert.match(judge(lines, 0, USUAL, false).detail, /100 % ask for one path/);
});

test('new clients are judged alone where they make a good part of a busy site', () => {
  const newcomers = flood(400, () => ({ traits: ['newcomer'] }));
  const lines = [...newcomers, ...views(150, 0)];
  const alone = judge(lines, 0, USUAL, true);
  assert.equal(alone.verdict, 'attack');
  assert.match(
    alone.detail,
    /^looks like a distributed attack: of new clients' requests above normal, 0 % are for static files/,
  );
  assert.notEqual(judge(lines, 0, USUAL, false).verdict, 'attack');
});

test('what would have come anyway is taken off: a small flood on a busy site is no crowd', () => {
  const lines = [...views(150, 0), ...flood(150)];
  const { verdict, detail } = judge(lines, 600, USUAL, false);
  assert.equal(verdict, 'attack');
  assert.match(detail, /above normal, 0 % are for static files \(usually 75 %\), 100 % ask for one path/);
});

test('mixed evidence is reported as mixed', () => {
  const lines = flood(300, (n) => ({ path: `/${n % 9}`, agent: n % 2 === 0 ? 'app/1' : `app/${n}`, traits: [] }));
  const { verdict, detail } = judge(lines, 0, UNKNOWN, false);
  assert.equal(verdict, 'unclear');
  assert.match(
    detail,
    /^may be visitors or an attack: of the requests above normal, for an attack: one user agent sends 50 %.*; for visitors: /,
  );
});

test('no lines are no reason for anything', () => {
  assert.equal(judge([], 0, USUAL, true).verdict !== 'visitors', true);
});
