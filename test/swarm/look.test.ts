/** Traits as hashes: nobody outside can find two texts that the digest takes for one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashTrait } from '../../src/swarm/look.ts';

test('texts that collide under one key do not under another, in the bits that the digest keeps', () => {
  const low = (text: string, key: number) => hashTrait(text, key) & 0xffff;
  const seen = new Map<number, string>();
  const pairs: [string, string][] = [];
  for (let n = 0; pairs.length < 20; n++) {
    const [text, hash] = [`Bot/${n}`, low(`Bot/${n}`, 0)];
    const other = seen.get(hash);
    if (other !== undefined) pairs.push([text, other]);
    seen.set(hash, text);
  }
  assert.ok(
    pairs.every(([a, b]) => low(a, 0x1234_0000) !== low(b, 0x1234_0000) || low(a, 0x9876_0000) !== low(b, 0x9876_0000)),
  );
});
