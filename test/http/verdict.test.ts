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

test('a lane that only reports would stop requests, one in force stops them', () => {
  const told = (enforced: boolean) =>
    textOf({ ...auditEntry(), action: 'lane', enforced, detail: 'hold method GET, path /search' } as AuditEntry);
  assert.equal(told(false), 'would hold requests with method GET, path /search');
  assert.equal(told(true), 'hold requests with method GET, path /search');
});
