/** Traits as hashes: nobody outside can find two texts that the digest takes for one. And as texts, which nginx has to match. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLaneObstacle } from '../../src/enforce/nginx-lane-text.ts';
import { AGENT_TRAIT, hashTrait, isMatchable, matchOf, TRAITS } from '../../src/swarm/look.ts';

test('texts that collide under one key do not under another, in the bits that the digest keeps', () => {
  const low = (text: string, key: number) => hashTrait(AGENT_TRAIT, text, key) & 0xffff;
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

test('nginx takes what is matchable, however it has to be written', () => {
  const trait = (name: string) => TRAITS.findIndex((each) => each.name === name);
  const lasting = {
    agent: ['(', 'a', '\\x22', '\u20ac'],
    path: ['('],
    folder: ['('],
    keys: ['(', 'a\n', '(((\n', '\\x22\n'],
  };
  for (const [name, units] of Object.entries(lasting))
    for (const unit of units) {
      const texts = Array.from({ length: 4000 / unit.length }, (_, n) => unit.repeat(n).trimEnd());
      const longest = texts.findLast((text) => isMatchable(trait(name), text)) ?? '';
      assert.ok(longest.length >= 120, `${name} ${unit}: ${longest.length}`);
      assert.equal(findLaneObstacle(matchOf([{ trait: trait(name), text: longest }])), undefined, `${name} ${unit}`);
    }
  assert.ok(!isMatchable(trait('agent'), 'Mozilla \ufffd'), 'no UTF-8 in the log');
});
