/** What only the ipset backend has: few bans among many are tested, many are listed, and both say what the kernel holds. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Operation } from '../../src/enforce/backend.ts';
import { createWorld, subjectSkip } from './world.ts';

const SUBJECT = { backend: 'ipset', variant: '-nft' } as const;

describe('ipset', { skip: subjectSkip(SUBJECT) }, () => {
  test('one ban of a hundred and all of them are confirmed, and neither when the kernel lost one', async (t) => {
    const world = await createWorld(SUBJECT);
    t.after(() => world.network.close());
    const { backend } = world;
    const untilMs = Date.now() + 600_000;
    const add = (target: string): Operation => ({ target, untilMs });
    const remove = (target: string): Operation => ({ target, untilMs: undefined });
    const confirm = (...operations: Operation[]) => backend.confirm(operations, Date.now());
    const all = Array.from({ length: 100 }, (_, n) => add(n < 90 ? `198.18.0.${n}` : `2001:db8:${n}::/64`));
    await backend.setUp();
    await backend.apply(all, Date.now());
    const [one, other] = [add('198.18.0.7'), add('2001:db8:95::/64')];
    assert.ok((await confirm(one, other)) && (await confirm(...all)));
    assert.ok((await confirm(remove('198.18.1.1'))) && !(await confirm(remove('198.18.0.7'))));
    assert.ok(!(await confirm(...all, add('198.18.1.1'))) && !(await confirm(...all, remove('198.18.0.7'))));
    world.network.run('server', ['ipset', 'del', 'zban4', '198.18.0.7']);
    assert.ok(!(await confirm(one, other)) && !(await confirm(...all)));
    world.network.run('server', ['ipset', 'add', 'zban4', '198.18.0.7', 'timeout', '600', 'nomatch']);
    assert.ok(!(await confirm(one, other)) && !(await confirm(...all)), 'an exception drops nothing');
  });
});
