/** Tables that others fill, or change so often that listing them never ends: zban's chains are listed one by one. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { EnforcementError } from '../../src/enforce/backend.ts';
import { type Command, type CommandRunner, createCommandRunner } from '../../src/enforce/command.ts';
import { createFilter } from '../../src/enforce/filter.ts';
import { createNetwork, toolSkip } from '../support/netns.ts';
import { DEADLINE_MS } from '../support/until.ts';

const OTHERS = [
  '*filter',
  ':OTHERS - [0:0]',
  ...Array<string>(5001).fill('-A OTHERS -s 192.0.2.1 -j DROP'),
  'COMMIT',
  '',
];
const OWN = ['-A ZBAN -s 192.0.2.9/32 -j DROP'];

for (const variant of ['-nft', '-legacy'] as const) {
  const setUp = (t: TestContext, onCommand: (command: Command) => void = () => {}) => {
    const network = createNetwork({ hosts: ['server'] });
    t.after(() => network.close());
    const real = createCommandRunner({ timeoutMs: DEADLINE_MS, prefix: network.prefix('server') });
    const listed: string[] = [];
    const run: CommandRunner = async (command) => {
      const [, , , , ...of] = command.argv;
      if (command.argv.includes('-S')) listed.push(of.join(' '));
      onCommand(command);
      return real(command);
    };
    const filter = createFilter({ run, chain: 'ZBAN', lockWaitSeconds: 5, variant, log: () => {} });
    const iptables = (...args: readonly string[]) => network.run('server', [`iptables${variant}`, ...args]);
    /** What was listed since the last call: chains, or '' for the table. */
    const takeListed = () => listed.splice(0).sort();
    return { network, filter, iptables, takeListed };
  };
  const CHAINS = ['DOCKER-USER', 'FORWARD', 'INPUT', 'ZBAN'];
  const skip = toolSkip(`iptables${variant}`);

  test(`a table with thousands of rules of others is listed by chain, and says the same (iptables${variant})`, {
    skip,
  }, async (t) => {
    const { network, filter, iptables, takeListed } = setUp(t);
    network.run('server', [`iptables${variant}-restore`], { input: OTHERS.join('\n') });
    const whole = await filter.read(4);
    assert.deepEqual(takeListed(), ['']);
    assert.deepEqual(await filter.read(4), whole);
    assert.deepEqual(takeListed(), CHAINS);
    assert.deepEqual(whole, {
      hooks: new Map([
        ['INPUT', []],
        ['FORWARD', []],
      ]),
      own: undefined,
      jumps: [],
      siblings: new Set(),
    });

    iptables('-N', 'DOCKER-USER');
    assert.equal((await filter.repair(4, await filter.read(4), OWN)).length, 4);
    const table = await filter.read(4);
    assert.deepEqual(table.own, OWN);
    const hooks = ['INPUT', 'FORWARD', 'DOCKER-USER'].map((hook) => [hook, [`-A ${hook} -j ZBAN`]] as const);
    assert.deepEqual(table.hooks, new Map(hooks));
    await filter.remove();
    assert.doesNotMatch(iptables('-S'), /ZBAN/);
  });

  test(`one that cannot be listed in time is listed by chain at once (iptables${variant})`, { skip }, async (t) => {
    const { filter, takeListed } = setUp(t, ({ argv }) => {
      if (argv.at(-1) === '-S') throw new EnforcementError('timeout', 'iptables did not finish');
    });
    assert.deepEqual([...(await filter.read(4)).hooks.keys()].sort(), ['FORWARD', 'INPUT']);
    assert.deepEqual(takeListed(), ['', ...CHAINS]);
    await filter.read(4);
    assert.deepEqual(takeListed(), CHAINS);
  });
}
