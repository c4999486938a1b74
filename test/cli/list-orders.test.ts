import assert from 'node:assert/strict';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BanRequest, UnbanRequest } from '../../src/control/protocol.ts';
import { daemon } from './daemon-stand-in.ts';
import { runZban } from './run-zban.ts';

const LIST = '# mine\n192.0.2.1 1h too fast\n192.0.2.300\n\n192.0.2.2\n192.0.2.3\r\n';

test('a list is one request; bad lines are told by number and stop nobody', async (t) => {
  const { config, folder, asked } = await daemon(t, (target) => (target === '192.0.2.3' ? 'protected' : 'done'));
  const file = join(folder, 'list');
  writeFileSync(file, LIST);
  const run = await runZban(['ban', '--file', file, '--reason', 'mine', '--config', config], { USER: 'bob' });
  const common = { reason: 'mine', operator: 'bob', keepLonger: false };
  const bans = [
    { target: '192.0.2.1', forMs: 3_600_000, reason: 'too fast', condition: 'list' },
    { target: '192.0.2.2', condition: 'list' },
    { target: '192.0.2.3', condition: 'list' },
  ];
  assert.deepEqual(asked.splice(0), [{ ...common, bans }]);
  assert.equal(run.exitCode, 1);
  assert.equal(run.stdout, '2 done, 1 never banned, 1 line not understood\n');
  assert.equal(
    run.stderr,
    `zban: ${file}: line 3: 192.0.2.300 is neither an address nor a network\n` +
      `zban: ${file}: line 6: 192.0.2.3: protected \ufffd[31m\n`,
  );
  const json = await runZban(['unban', '--file', file, '--json', '--config', config]);
  assert.deepEqual(
    (JSON.parse(json.stdout) as { line: number; code: string }[]).map(({ line, code }) => `${line} ${code}`),
    ['3 invalid', '2 done', '5 done', '6 protected'],
  );
  assert.deepEqual((asked[0] as UnbanRequest).targets, ['192.0.2.1', '192.0.2.2', '192.0.2.3']);
});

test('a list from standard input, in as many requests as it takes', async (t) => {
  const { config, asked } = await daemon(t);
  const targets = Array.from({ length: 10_001 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
  for (const command of ['ban', 'unban']) {
    const run = await runZban([command, '-', '--config', config], {}, targets.join('\n'));
    assert.deepEqual([run.exitCode, run.stdout, run.stderr], [0, '10,001 done\n', '']);
  }
  const counts = (asked as Partial<BanRequest & UnbanRequest>[]).map(
    ({ bans, targets: some }) => (bans ?? some)?.length,
  );
  assert.deepEqual(counts, [10_000, 1, 10_000, 1]);
  const nothing = await runZban(['unban', '-', '--config', config], {}, '# nobody\n');
  assert.deepEqual([nothing.exitCode, nothing.stdout], [0, '0 done\n']);
});

test('a list that is not there or too long ends the command with a reason', async (t) => {
  const { config, folder, asked } = await daemon(t);
  const missing = await runZban(['ban', '--file', join(folder, 'nowhere'), '--config', config]);
  assert.deepEqual([missing.exitCode, missing.stdout], [1, '']);
  assert.match(missing.stderr, /cannot read .*nowhere: there is no such file\n$/);
  const long = join(folder, 'long');
  writeFileSync(long, '');
  truncateSync(long, 64 * 1_048_576 + 1);
  const refused = await runZban(['ban', '--file', long, '--config', config]);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /is longer than the 67108864 bytes of one list: split it/);
  assert.deepEqual(asked, []);
});

test('import sends what a list says and marks what it does not', async (t) => {
  const { config, folder, asked } = await daemon(t, (target) => (target === '192.0.2.2' ? 'unchanged' : 'done'));
  const file = join(folder, 'list.csv');
  writeFileSync(file, 'duration,scope,value\n4h,ip,192.0.2.1\n87600h,range,198.51.100.0/24\n4h,ip,nonsense\n');
  const csv = await runZban(['import', file, '--config', config], { USER: 'bob' });
  const common = { operator: 'bob', keepLonger: true };
  const four = { target: '192.0.2.1', forMs: 14_400_000, condition: 'import' };
  const good = { target: '198.51.100.0/24', forMs: null, condition: 'import' };
  assert.deepEqual(asked.splice(0), [{ ...common, reason: 'imported from list.csv', bans: [four, good] }]);
  assert.deepEqual([csv.exitCode, csv.stdout], [1, '2 done, 1 line not understood\n']);
  assert.match(csv.stderr, /list\.csv: line 4: nonsense is neither/);
  const entry = { ip: '192.0.2.2', until: null, tier: 3, condition: 'scan', reason: '' };
  const words = ['import', '-', '--reason', 'moved', '--for', '1d', '--config', config];
  const json = await runZban(words, { USER: 'bob' }, JSON.stringify([entry]));
  const ban = { target: '192.0.2.2', forMs: null, tier: 3, condition: 'scan', reason: '' };
  assert.deepEqual(asked, [{ ...common, reason: 'moved', forMs: 86_400_000, bans: [ban] }]);
  assert.deepEqual([json.exitCode, json.stdout], [0, '0 done, 1 unchanged\n']);
  const none = await runZban(['import', '-', '--format', 'json', '--config', config], {}, '192.0.2.1');
  assert.equal(none.exitCode, 1);
  assert.match(none.stderr, /the list is not JSON/);
});
