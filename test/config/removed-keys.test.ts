/** A configuration of an earlier version is never a reason not to start. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfig, defaultConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { REMOVED_KEYS } from '../../src/config/removed-keys.ts';
import { listKeys } from '../../src/config/suggest.ts';
import { parseYaml } from '../../src/config/yaml-file.ts';
import { TestDaemon, until } from '../support/daemon.ts';

const check = (text: string) => checkConfig('config.yaml', [parseYaml('config.yaml', text)]);

/** The keys of every part of an earlier version, each with a value that no version took. */
const OLD = `
source:
  poll_interval: nonsense
  of_all_the_keys: it had
bans: { allowlist_resolve: [], max_share_min_bans: 70, fuse_hold: '1m' }
http: { actions: false }
notify:
  slack: { digest_over: 9 }
  webhook: [{ url: https://example.com/hook, queue_max: 9 }]
`;

test('each removed key is ignored with a warning that says where it is, what holds instead and what to do', () => {
  const loaded = check(OLD);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  assert.deepEqual(loaded.warnings.map(formatProblem), [
    'config.yaml:2:1: source: was removed and is ignored: logs are looked at every 20ms while lines come, globs every second, lines may have 64 KiB (delete it)',
    'config.yaml:5:9: bans.allowlist_resolve: was removed and is ignored: host names are looked up every 5m (delete it)',
    'config.yaml:5:32: bans.max_share_min_bans: was removed and is ignored: it is 10; bans.max_share: 1 turns the share off (delete it)',
    'config.yaml:5:56: bans.fuse_hold: was removed and is ignored: the fuse stays tripped for 10m; zban fuse reset ends it (delete it)',
    'config.yaml:6:9: http.actions: was removed and is ignored: people act from the dashboard where http.token_file names their tokens, and nowhere else (delete it)',
    'config.yaml:8:12: notify.slack.digest_over: was removed and is ignored: more than 5 messages of one kind within 30s become one; min_severity sends fewer (delete it)',
    'config.yaml:9:46: notify.webhook[0].queue_max: was removed and is ignored: 1,000 messages are kept while the service is away (delete it)',
  ]);
  assert.deepEqual(loaded.config.bans, defaultConfig().config.bans);
  assert.equal(check('state: {checkpoint: 1s}').ok && defaultConfig().version, defaultConfig().version);
});

test('every key that version 0.1 had alone is removed with a warning, and no error', () => {
  const names = ['known_clients', 'robot', 'browser', 'browser_assets', 'memory', 'warmup', 'warmup_times'];
  const points = {
    ...Object.fromEntries(names.map((name) => [name, 1])),
    surprise: { limit: 8, leak: 1 },
    repetition: {},
    work: {},
  };
  const loaded = check(JSON.stringify({ detection: { points } }));
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const told = loaded.warnings.map(({ path, message }) => `${path} ${message}`);
  assert.equal(told.length, 10);
  assert.match(
    told.join('\n'),
    /^detection\.points\.surprise was removed .*: detection\.points\.scan took its place$/m,
  );
  assert.match(told.join('\n'), /^detection\.points\.warmup was removed .*: it is fixed; sensitivity moves /m);
});

test('no key is both there and removed', () => {
  const known = new Set(listKeys().map(({ path }) => path));
  for (const path of REMOVED_KEYS.keys()) assert.ok(!known.has(path), path);
});

test('the daemon starts and reloads with a removed key; its log, check and doctor name it', async (t) => {
  const removed = { allowlist_resolve: '5m', fuse_hold: '10m', max_share_min_bans: 10 };
  const daemon = new TestDaemon({ config: { source: { poll_interval: '50ms' }, bans: removed } });
  t.after(() => daemon.close());
  await daemon.start();
  const warned = () => daemon.stderr.split(/source: was removed and is ignored/).length - 1;
  // What it wrote may still be on its way when its socket answers.
  await until('the warning of the start', () => warned() === 1);
  assert.equal(daemon.child?.kill('SIGHUP'), true);
  await until('the warning of the reload', () => warned() === 2);
  const checked = daemon.zban('check');
  assert.equal(checked.status, 0);
  assert.match(
    checked.stderr,
    /^warning: .*config\.yaml:\d+:1: source: was removed and is ignored: .* \(delete it\)$/m,
  );
  const looked = daemon.zban('doctor').stdout;
  assert.match(looked, /^warn +configuration: .*source: was removed and is\s+ignored/m);
  assert.match(looked, /^warn +configuration: 3 more warnings\n +-> zban .*check$/m, 'they bury nothing else');
});
