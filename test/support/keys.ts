/** What tests of decisions name by text: addresses as prefixes and keys. */
import assert from 'node:assert/strict';
import { findClientKey } from '../../src/net/client-key.ts';
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import { ENGINE } from './engine.ts';

export function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  assert.ok(prefix, text);
  return prefix;
}

export function keyOf(text: string): { high: number; low: number } {
  const key = findClientKey(prefixOf(text), ENGINE.detection);
  assert.ok(key, text);
  return key;
}
