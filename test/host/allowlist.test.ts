import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Allowlist, type NameResolver, resolveName } from '../../src/host/allowlist.ts';
import { formatPrefix } from '../../src/net/prefix.ts';

class DnsError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

type Answers = Record<string, { a?: string[] | string; aaaa?: string[] | string }>;

/** A string instead of addresses is the error code. */
function fakeResolver(answers: Answers): NameResolver & { asked: number } {
  const answer = async (found: string[] | string = 'ENODATA') => {
    if (typeof found === 'string') throw new DnsError(found);
    return found;
  };
  return {
    asked: 0,
    resolve4(name) {
      this.asked++;
      return answer(answers[name]?.a ?? (answers[name] ? 'ENODATA' : 'ENOTFOUND'));
    },
    resolve6: (name) => answer(answers[name]?.aaaa ?? (answers[name] ? 'ENODATA' : 'ENOTFOUND')),
  };
}

function setUp(entries: string[], answers: Answers, timeoutMs = 1000) {
  const clock = { nowMs: 0 };
  const troubles: [string, string | undefined][] = [];
  const resolver = fakeResolver(answers);
  const allowlist = new Allowlist({
    entries: () => entries,
    resolver,
    resolveMs: 300_000,
    timeoutMs,
    now: () => clock.nowMs,
    onTrouble: (name, message) => troubles.push([name, message]),
  });
  const texts = async () => (await allowlist.current()).map(({ prefix }) => formatPrefix(prefix));
  /** Lets a renewal behind the scenes come to its end. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return { allowlist, clock, troubles, resolver, texts, settle };
}

test('addresses and networks are taken as they are, names resolve to both families, each with its entry as reason', async () => {
  const { allowlist } = setUp(['192.0.2.0/24', '2001:db8::1', 'office.example'], {
    'office.example': { a: ['198.51.100.1', '198.51.100.2'], aaaa: ['2001:db8:5::1'] },
  });
  const found = (await allowlist.current()).map(({ prefix, reason }) => [formatPrefix(prefix), reason]);
  assert.deepEqual(found, [
    ['192.0.2.0/24', 'allowlist: 192.0.2.0/24'],
    ['2001:db8::1', 'allowlist: 2001:db8::1'],
    ['198.51.100.1', 'allowlist: office.example (DNS)'],
    ['198.51.100.2', 'allowlist: office.example (DNS)'],
    ['2001:db8:5::1', 'allowlist: office.example (DNS)'],
  ]);
});

test('an answer is asked for again when it is old, without waiting for it', async () => {
  const answers: Answers = { 'office.example': { a: ['198.51.100.1'] } };
  const { clock, resolver, texts, settle } = setUp(['office.example'], answers);
  assert.deepEqual(await texts(), ['198.51.100.1']);
  clock.nowMs = 299_999;
  await texts();
  assert.equal(resolver.asked, 1);
  answers['office.example'] = { a: ['198.51.100.9'] };
  clock.nowMs = 300_000;
  assert.deepEqual(await texts(), ['198.51.100.1']);
  await settle();
  assert.deepEqual(await texts(), ['198.51.100.9']);
  assert.equal(resolver.asked, 2);
});

test('when DNS fails the last answer stays, the trouble is reported once, and ends with the next answer', async () => {
  const answers: Answers = { 'office.example': { a: ['198.51.100.1'], aaaa: ['2001:db8:5::1'] } };
  const { clock, troubles, texts, settle } = setUp(['office.example'], answers);
  await texts();
  // One family failing is a failure: what the other says is not the whole answer.
  for (const failure of [{ a: 'ETIMEOUT', aaaa: ['2001:db8:5::2'] }, { a: 'ESERVFAIL' }, undefined]) {
    if (failure) answers['office.example'] = failure;
    else delete answers['office.example'];
    clock.nowMs += 300_000;
    await texts();
    await settle();
    assert.deepEqual(await texts(), ['198.51.100.1', '2001:db8:5::1']);
  }
  assert.deepEqual(troubles, [['office.example', 'DNS failed: ETIMEOUT']]);
  answers['office.example'] = { a: ['198.51.100.3'] };
  clock.nowMs += 300_000;
  await texts();
  await settle();
  assert.deepEqual(await texts(), ['198.51.100.3']);
  assert.deepEqual(troubles.at(-1), ['office.example', undefined]);
});

test('a failed name is tried again before the interval is over', async () => {
  const answers: Answers = {};
  const { clock, texts, settle } = setUp(['office.example'], answers);
  assert.deepEqual(await texts(), []);
  answers['office.example'] = { a: ['198.51.100.3'] };
  clock.nowMs += 30_000;
  await texts();
  await settle();
  assert.deepEqual(await texts(), ['198.51.100.3']);
});

test('a name that is taken out is forgotten together with its trouble', async () => {
  const entries = ['nowhere.example'];
  const { troubles, texts } = setUp(entries, {});
  await texts();
  assert.equal(troubles.length, 1);
  entries.pop();
  assert.deepEqual(await texts(), []);
  assert.deepEqual(troubles.at(-1), ['nowhere.example', undefined]);
});

test('a resolver that never answers costs the time limit and no more', async () => {
  const never = new Promise<string[]>(() => {});
  const found = await resolveName('office.example', { resolve4: () => never, resolve6: () => never }, 20);
  assert.equal(found, 'no answer from DNS within 0.02 s');
});
