/** The sentence on top of the dashboard. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tellVerdict } from '../../src/http/verdict.ts';
import { status } from '../support/status.ts';

test('a backend that blocks nobody is not said to block', () => {
  const told = (backend: string) => tellVerdict(status({ mode: 'enforce', backend })).text;
  assert.match(told('ipset'), / blocking via ipset\.$/);
  assert.match(told('dry-run'), / blocking nobody: firewall\.backend is dry-run\.$/);
});
