import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { test } from 'node:test';
import { rowDraft } from '../support/rows.ts';
import { banDraft, record } from './recorded.ts';
import { place, runZban } from './run-zban.ts';

test('allow without targets shows the allowlist of operators and of the configuration', async (t) => {
  const allowed = rowDraft({
    ...banDraft('198.51.100.7'),
    action: 'allow',
    actor: 'operator:anna',
    detail: 'our office',
  });
  const { config } = record(t, [{ ...allowed, timeMs: Date.UTC(2026, 10, 20, 10, 11, 12) }]);
  appendFileSync(config, '\nbans: { allowlist: [192.0.2.0/24] }\n');
  const { stdout, exitCode } = await runZban(['allow', '--config', config]);
  assert.equal(exitCode, 0);
  assert.equal(
    stdout,
    [
      'ENTRY         BY             SINCE                REASON',
      '192.0.2.0/24  config         –                    bans.allowlist',
      '198.51.100.7  operator:anna  2026-11-20 10:11:12  our office',
      '',
    ].join('\n'),
  );
  assert.deepEqual(JSON.parse((await runZban(['allow', '--json', '--config', config])).stdout), [
    { entry: '192.0.2.0/24', by: 'config', since: null, reason: 'bans.allowlist', until: null },
    {
      entry: '198.51.100.7',
      by: 'operator:anna',
      since: '2026-11-20T10:11:12.000Z',
      reason: 'our office',
      until: null,
    },
  ]);
});

test('an empty allowlist is said, also before zban ever ran', async (t) => {
  const { config } = place(t);
  const { stdout, stderr, exitCode } = await runZban(['allow', '--config', config]);
  assert.deepEqual([exitCode, stdout], [0, '']);
  assert.match(stderr, /nobody is on the allowlist/);
  assert.equal((await runZban(['allow', '--remove', '--config', config])).exitCode, 2);
});
