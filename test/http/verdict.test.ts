/** What the dashboard says in words: the sentence on top, and decisions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textOf } from '../../src/http/labels.ts';
import { describeVerdict } from '../../src/http/verdict.ts';
import type { AuditEntry } from '../../src/model/audit.ts';
import { status } from '../support/status.ts';
import { auditEntry } from './examples.ts';

test('a backend that blocks nobody is not said to block', () => {
  const told = (backend: string) => describeVerdict(status({ mode: 'enforce', backend })).text;
  assert.match(told('ipset'), / blocking via ipset\.$/);
  assert.match(told('dry-run'), / blocking nobody: firewall\.backend is dry-run\.$/);
});

test('logs that are missing are not said to be followed', () => {
  const row = (state: string) => ({ path: `/var/log/${state}`, state, behind_bytes: 0 });
  const told = (...states: string[]) =>
    describeVerdict(status({ mode: 'enforce', backend: 'ipset', logs: states.map(row) })).text;
  assert.match(told('following'), / Following 1 log, /);
  assert.match(told('following', 'missing'), / Following 1 of 2 logs, /);
  assert.match(told('missing'), / Following 0 of 1 log, /);
});

test('while zban learns nobody is said to be banned in observe mode', () => {
  const { text } = describeVerdict(status({ state: 'warming_up', mode: 'observe', observed_bans: 0 }));
  assert.match(text, /Observe mode: zban blocks nobody/);
  assert.doesNotMatch(text, /are banned/);
});

test('one client is one client', () => {
  const incident = { verdict: 'attack', condition: 'site_requests', since: '2026-11-20T09:34:00Z' } as const;
  const told = status({ incident: { ...incident, peak_rate: 9, peak_measured: 9, ongoing: true }, clients: 1 });
  assert.match(describeVerdict(told).text, /; 1 client in the window\. /);
});

test('a lane that only reports would stop requests, one in force stops them', () => {
  const told = (enforced: boolean) =>
    textOf({ ...auditEntry(), action: 'lane', enforced, detail: 'hold method GET, path /search' } as AuditEntry);
  assert.equal(told(false), 'would hold requests with method GET, path /search');
  assert.equal(told(true), 'hold requests with method GET, path /search');
});
