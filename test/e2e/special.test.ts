/** Networks that no client can have: neither operators nor lists nor policy ban there. */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestDaemon, until } from '../support/daemon.ts';
import { logLine } from '../support/traffic.ts';

const SPECIAL: Readonly<Record<string, RegExp>> = {
  '0.0.0.0': /this network/,
  '0.0.0.0/8': /this network/,
  '127.0.0.53': /loopback/,
  '169.254.169.254': /link-local/,
  '169.0.0.0/8': /link-local/,
  '224.0.0.1': /multicast/,
  '240.0.0.1': /reserved/,
  '255.255.255.255': /broadcast/,
  '::': /unspecified/,
  '::1': /loopback/,
  '::ffff:127.0.0.1': /loopback/,
  'fe80::1': /link-local/,
  'fe80::/16': /link-local/,
  'ff02::/16': /multicast/,
};
const CEILING = 100;

test('special networks are refused with a reason, by whatever way they come', async (t) => {
  const config = { baseline: { warmup_max_requests: CEILING }, detection: { points: { enabled: false } } };
  const daemon = new TestDaemon({ config });
  t.after(() => daemon.close());
  appendFileSync(daemon.log, `${logLine(Math.floor(Date.now() / 1000) - 30, '192.0.2.1')}\n`);
  await daemon.start();

  const { status, stderr } = daemon.zban('ban', '203.0.113.9', ...Object.keys(SPECIAL), '--yes');
  assert.equal(status, 1);
  const lines = stderr.trim().split('\n');
  assert.equal(lines.length, Object.keys(SPECIAL).length);
  for (const reason of Object.values(SPECIAL))
    assert.ok(lines.some((line) => /never banned/.test(line) && reason.test(line)));
  // Nothing is asked first that would change nothing.
  const wide = Object.keys(SPECIAL).filter((target) => target.includes('/'));
  const unasked = daemon.zban('ban', ...wide, '0.0.0.0/0', '::/0');
  assert.equal(unasked.status, 1);
  assert.doesNotMatch(unasked.stderr, /--yes/);
  assert.match(unasked.stderr, /^zban: ::\/0: \/0 is too wide: at least \/16$/m);
  const file = join(daemon.folder, 'list');
  writeFileSync(file, Object.keys(SPECIAL).join('\n'));
  assert.match(daemon.zban('import', file).stdout, new RegExp(`^0 done, ${Object.keys(SPECIAL).length} never banned`));

  const second = Math.floor(Date.now() / 1000);
  const flooders = ['127.0.0.1', '224.0.0.1', 'fe80::1', '198.51.100.7'];
  for (const ip of flooders) appendFileSync(daemon.log, `${logLine(second, ip)}\n`.repeat(2 * CEILING));
  const bans = () => daemon.json<{ ip: string }[]>('list').map(({ ip }) => ip);
  await until('the flood is judged', () => bans().includes('198.51.100.7'));
  assert.deepEqual(bans().sort(), ['198.51.100.7', '203.0.113.9']);
  const rows = daemon.zban('audit', '--json').stdout.trim().split('\n');
  const refused = rows.map((row) => JSON.parse(row)).filter(({ action }) => action === 'refused');
  assert.deepEqual(
    refused.map(({ client, detail }) => `${client} ${detail}`),
    [
      '127.0.0.1 protected: loopback',
      '224.0.0.1 protected: multicast (RFC 5771)',
      'fe80::/64 protected: link-local (RFC 4291)',
    ],
  );
});
