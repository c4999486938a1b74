import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Protection } from '../../src/daemon/orders/protection.ts';
import type { NeverBanned } from '../../src/decide/never-banned.ts';
import { type Prefix, parsePrefix, type Reasoned } from '../../src/net/prefix.ts';
import { SCHEME } from '../support/parse.ts';

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  assert.ok(prefix, text);
  return prefix;
}

function make() {
  const lists: { allowlist: Reasoned[]; host: Reasoned[] } = { allowlist: [], host: [] };
  const changes: (readonly NeverBanned[])[] = [];
  const troubles: (string | undefined)[] = [];
  const failure: { cause?: Error | undefined } = {};
  const protection = new Protection({
    scheme: SCHEME,
    cdn: [],
    allowlist: async () => lists.allowlist,
    host: async () => {
      if (failure.cause) throw failure.cause;
      return lists.host;
    },
    onTrouble: (message) => void troubles.push(message),
    onChange: async (networks) => void changes.push(networks),
  });
  return { lists, changes, troubles, failure, protection };
}

const OFFICE = { prefix: prefixOf('192.0.2.0/24'), reason: 'allowlist: 192.0.2.0/24' };
const SESSION = { prefix: prefixOf('198.51.100.7'), reason: 'SSH session' };

test('anyone who is on a list is found with the reason; anyone who is not may be banned', async () => {
  const { lists, protection } = make();
  lists.allowlist = [OFFICE];
  lists.host = [SESSION];
  await protection.refresh();
  assert.deepEqual(protection.find(prefixOf('192.0.2.9')), {
    prefix: OFFICE.prefix,
    kind: 'allowlist',
    because: OFFICE.reason,
  });
  assert.deepEqual(protection.find(SESSION.prefix), {
    prefix: SESSION.prefix,
    kind: 'protected',
    because: 'SSH session',
  });
  assert.equal(protection.find(prefixOf('192.0.2.0/16'))?.kind, 'allowlist', 'a wider network would ban it too');
  assert.equal(protection.find(prefixOf('203.0.113.9')), undefined);
});

test('a change is told with the whole list, and nothing is told when nothing changed', async () => {
  const { lists, changes, protection } = make();
  await protection.refresh();
  assert.equal(changes.length, 0, 'an empty list is what the engine begins with');
  lists.host = [SESSION];
  await protection.refresh();
  lists.host = [{ ...SESSION }];
  await protection.refresh();
  assert.equal(changes.length, 1);
  lists.allowlist = [OFFICE];
  await protection.refresh();
  assert.equal(changes[1]?.length, 2);
  lists.host = [];
  await protection.refresh();
  assert.deepEqual(
    changes[2]?.map(({ because }) => because),
    [OFFICE.reason],
    'a session that ended protects no longer',
  );
});

test('looks do not overlap, and a refresh resolves after a look that began later', async () => {
  let looking = 0;
  let looks = 0;
  const protection = new Protection({
    scheme: SCHEME,
    cdn: [],
    allowlist: async () => {
      assert.equal(++looking, 1);
      await new Promise((resolve) => setImmediate(resolve));
      looking--;
      looks++;
      return [];
    },
    host: async () => [],
    onTrouble: () => {},
    onChange: async () => {},
  });
  await Promise.all([protection.refresh(), protection.refresh(), protection.refresh()]);
  assert.equal(looks, 3);
});

test('what is on a list by its IPv4 address is found behind a translator too, and so is a network around it', async () => {
  const { lists, protection } = make();
  lists.allowlist = [OFFICE];
  await protection.refresh();
  for (const text of [
    '64:ff9b::c000:209',
    '64:ff9b::c000:0/112',
    '64:ff9b::/64',
    '64:ff9b:1:7::192.0.2.9',
    '2002:c000:209::/48',
  ]) {
    assert.equal(protection.find(prefixOf(text))?.because, OFFICE.reason, text);
  }
  for (const text of ['64:ff9b::c000:309', '2002:c000:309::/48', '2001:db8::c000:209']) {
    assert.equal(protection.find(prefixOf(text)), undefined, text);
  }
});

test('a look that fails unprotects nobody, says so, and fails no later one', async () => {
  const { lists, changes, troubles, failure, protection } = make();
  lists.host = [SESSION];
  await protection.refresh();
  failure.cause = Object.assign(new Error('too many open files'), { code: 'EMFILE' });
  lists.host = [];
  await protection.refresh();
  assert.equal(protection.find(SESSION.prefix)?.kind, 'protected');
  failure.cause = undefined;
  await protection.refresh();
  assert.equal(protection.find(SESSION.prefix), undefined);
  assert.deepEqual(troubles, [undefined, 'too many open files', undefined]);
  assert.equal(changes.length, 2);
});

test('a start that cannot look up who is protected fails', async () => {
  const { failure, protection } = make();
  failure.cause = Object.assign(new Error('too many open files'), { code: 'EMFILE' });
  await assert.rejects(protection.start(), /too many open files/);
  await protection.stop();
});
