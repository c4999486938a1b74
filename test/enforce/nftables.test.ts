/** What only the nftables backend has: tables too large to list, and names and texts of its own. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { KernelBan } from '../../src/enforce/backend.ts';
import { pickBackend } from '../../src/enforce/pick.ts';
import { createFakeTools } from './fake-tools.ts';
import { createWorld, FIREWALL, listed, subjectSkip } from './world.ts';

const SUBJECT = { backend: 'nftables', variant: '-nft' } as const;

describe('nftables', { skip: subjectSkip(SUBJECT) }, () => {
  test('more bans than can be listed are asked for: what is missing shows, and only that portion is written again', async (t) => {
    const world = await createWorld(SUBJECT);
    t.after(() => world.network.close());
    const { backend } = world;
    const nft = (...args: string[]) => world.network.run('server', ['nft', ...args]);
    const untilMs = Date.now() + 600_000;
    const known: KernelBan[] = Array.from({ length: 10_500 }, (_, i) => ({
      target: i < 10_400 ? `198.18.${i >> 8}.${i & 255}` : `2001:db8:${i.toString(16)}::/64`,
      untilMs: i === 7 ? null : untilMs,
    }));
    await backend.setUp();
    await backend.apply(known, Date.now());
    assert.equal((await listed(backend, known)).length, known.length);
    nft('delete', 'element', 'inet', 'zban', 'ipv4_32', '{ 198.18.3.4 }');
    const found = await listed(backend, known);
    assert.ok(found.length >= 100 && !found.some(({ target }) => target === '198.18.3.4'));
    assert.ok(
      found.some(({ target }) => target === '2001:db8:28a0::/64'),
      'the other set is whole',
    );
    // Without knowing what should stand, all is listed.
    assert.equal((await listed(backend)).length, known.length - 1);
    const ending = known.map((ban) => ({ ...ban, untilMs: Date.now() + 1000 }));
    assert.equal((await listed(backend, ending)).length, known.length, 'what ends now is believed to be there');
  });
});

test('a table of an earlier run that takes too long to list is emptied, which is said', async (t) => {
  const tools = createFakeTools();
  t.after(() => tools.remove());
  const written = `${tools.path}/written`;
  tools.set(
    'nft',
    `case "$*" in
      *"list ruleset"*) printf 'table inet zban {\\n\\tset ipv4_32 {\\n\\t\\ttype ipv4_addr\\n\\t\\tflags timeout\\n\\t}\\n}\\n';;
      *"list set"*) sleep 60;;
      "-f -") cat >> ${written};;
      *) cat > /dev/null;;
    esac`,
  );
  const logged: string[] = [];
  const { backend } = await pickBackend({
    settings: { ...FIREWALL, backend: 'nftables', command_timeout: 1000 },
    maxActive: 1000,
    now: Date.now,
    log: (_level, message) => logged.push(message),
    commandPrefix: ['/usr/bin/env', `PATH=${tools.path}`],
  });
  await backend.setUp();
  assert.deepEqual(await listed(backend), []);
  assert.match(readFileSync(written, 'utf8'), /^flush set inet zban ipv4_32$/m);
  assert.equal(logged.length, 1);
});
