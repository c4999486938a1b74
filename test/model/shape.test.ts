import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readElements } from '../../src/enforce/nftables-elements.ts';
import { isPosition } from '../../src/model/chunk.ts';
import {
  isAnything,
  isEither,
  isList,
  isNull,
  isNumber,
  isObject,
  isOptional,
  isText,
  isTuple,
  parseJson,
  parseOwn,
} from '../../src/model/shape.ts';

test('JSON becomes a value of its shape, and anything else nothing', () => {
  const isShape = isObject({ name: isText, size: isOptional(isNumber), rest: isList(isEither(isNull, isText)) });
  const given = { name: 'a', rest: [null, 'b'], more: 1 };
  assert.deepEqual(parseJson(JSON.stringify(given), isShape), given);
  const damaged = [
    ...['', '{half', 'null', '[]', '"a"', '7'],
    ...[{ name: 1 }, { rest: {} }, { rest: [1] }, { size: null }, { size: '1' }].map((change) =>
      JSON.stringify({ ...given, ...change }),
    ),
  ];
  for (const text of damaged) assert.equal(parseJson(text, isShape), undefined, text);
  assert.equal(parseJson('null', isAnything), null);
  assert.equal(parseJson('', isAnything), undefined);
  assert.throws(() => parseOwn('{}', isShape), TypeError);
});

test('a tuple has just its members, each of its shape', () => {
  const isPair = isTuple(isText, isNumber);
  assert.ok(isPair(['a', 1]));
  for (const other of [[], ['a'], ['a', '1'], ['a', 1, 2], { 0: 'a', 1: 1, length: 2 }, null])
    assert.ok(!isPair(other), JSON.stringify(other));
});

test('a position with one wrong value is none', () => {
  const mark = { device: 1, inode: 2, offset: 3, fingerprint: 'ab', fingerprintBytes: 2 };
  assert.ok(isPosition({ ...mark, path: '/a.log', older: [{ ...mark, writtenMs: 5 }] }));
  for (const change of [{ offset: '3' }, { offset: null }, { older: {} }, { older: [{}] }, { writtenMs: 'now' }])
    assert.ok(!isPosition({ ...mark, path: '/a.log', ...change }), JSON.stringify(change));
});

test('what nft did not print so is bad output', () => {
  for (const listing of [
    {},
    { nftables: [null] },
    { nftables: [{ set: { elem: 7 } }] },
    { nftables: [{ set: { elem: [7] } }] },
  ])
    assert.throws(() => readElements(JSON.stringify(listing), 'bans4', 0), { code: 'bad_output' });
  assert.deepEqual(readElements('{"nftables":[{"metainfo":{}},{"set":{}}]}', 'bans4', 0), []);
});
