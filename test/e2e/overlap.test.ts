/** Bans that overlap, against real kernels: what zban says of a client is what its packets meet. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { createNetwork, toolSkip } from '../support/netns.ts';
import { startSlack } from './slack.ts';

const BACKENDS = { ipset: toolSkip('ipset', 'iptables'), nftables: toolSkip('nft') } as const;

interface Result {
  readonly target: string;
  readonly ok: boolean;
  readonly message: string;
}

// At the same time: both wait for digests.
describe('unban, expiry, allow, import and panic of overlapping bans', { concurrency: true }, () => {
  for (const [backend, skip] of Object.entries(BACKENDS)) {
    test(backend, { skip }, async (t) => {
      const network = createNetwork({ hosts: ['server', 'client'] });
      const slack = await startSlack(network, 'server');
      const config = {
        firewall: { backend, protect_ports: [] },
        notify: { slack: { webhook_url: slack.webhookUrl } },
      };
      const daemon = new TestDaemon({ prefix: network.prefix('server'), config });
      t.after(async () => {
        await daemon.close();
        network.close();
      });
      // 192.0.2.2; the server's own 192.0.2.1 must not lie in the networks.
      const client = network.address('client');
      const wider = '192.0.2.2/31';
      const reaches = (isExpected: boolean, message?: string) =>
        network.assertEcho('client', network.address('server', 'client'), isExpected, message);
      const ban = (...args: readonly string[]) => {
        assert.deepEqual(
          daemon.json<Result[]>('ban', ...args).map(({ message }) => message),
          ['banned'],
        );
        reaches(false);
      };
      const list = () => daemon.json<{ ip: string }[]>('list').map(({ ip }) => ip);
      const told = (pattern: RegExp) => slack.messages.filter(({ whole }) => pattern.test(whole));
      await daemon.start();
      reaches(true);

      ban(client);
      ban(wider);
      const { status, stdout } = daemon.zban('unban', client);
      assert.deepEqual(
        [status, stdout.trim().split('\n').sort()],
        [0, [`${wider}: unbanned (it covered ${client})`, `${client}: unbanned`]],
      );
      reaches(true, 'what is called unbanned gets through');
      assert.deepEqual(list(), []);
      await until('Slack is told of both', () => told(/ released [^"]*: lifted by/).length === 2);

      ban(client);
      ban(wider);
      assert.equal(daemon.zban('unban', wider).status, 0, 'the other way round');
      reaches(true);

      ban(wider, '--for', 'permanent');
      ban(client, '--for', '3s');
      await until('the end of the shorter ban', () => !list().includes(client));
      await until('Slack is told that it helps nobody', () => told(/192\.0\.2\.2 is still blocked/).length === 1);
      assert.equal(told(/ released [^"]*expired/).length, 0);
      reaches(false);
      assert.equal(daemon.zban('unban', client).status, 0, 'the network alone is banned now');
      reaches(true);

      ban(client, '--for', 'permanent');
      ban(wider, '--for', '3s');
      await until('the end of the wider ban', () => !list().includes(wider));
      await until('Slack names the exception', () => told(/but one part of it stays banned/).length === 1);
      reaches(false);
      ban(wider);
      assert.deepEqual(
        daemon.json<Result[]>('allow', client).map(({ ok, message }) => [ok, message]),
        [[true, `allowed, and the bans of ${client}, ${wider} are lifted`]],
      );
      reaches(true, 'allowed means that no ban is left');
      assert.deepEqual(list(), []);
      assert.equal(daemon.zban('allow', client, '--remove').status, 0);

      const file = join(daemon.folder, 'list');
      writeFileSync(file, `${client}\n${wider}\n`);
      assert.equal(daemon.zban('import', file).status, 0);
      reaches(false);
      assert.equal(list().length, 2);
      assert.equal(daemon.zban('unban', client).status, 0);
      reaches(true);

      assert.equal(daemon.zban('import', file).status, 0);
      assert.equal(daemon.zban('panic').status, 0);
      reaches(true);
      assert.equal(daemon.zban('audit', 'verify').status, 0);
    });
  }
});
