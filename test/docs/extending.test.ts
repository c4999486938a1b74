/** The examples of docs/extending.md do what it says, and those of docs/notifications.md can be used. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { configSchema } from '../../src/config/schema.ts';
import type { BackendKind } from '../../src/enforce/backend-kind.ts';
import { createCommandRunner } from '../../src/enforce/command.ts';
import { createFilter } from '../../src/enforce/filter.ts';
import type { OpenChannels } from '../../src/notify/channel.ts';
import { openChannels } from '../../src/notify/channels.ts';
import { formatMessage } from '../../src/notify/format.ts';
import type { Template } from '../../src/notify/template.ts';
import type { DeliverySettings } from '../../src/settings/notify-settings.ts';
import { fuse } from '../notify/examples.ts';
import { createNetwork, rootSkip } from '../support/netns.ts';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/extending.md'), 'utf8');
const LINES_MAX = 40;

/** Code of the page by the file that it is to be in. */
const examples = new Map(
  [...page.matchAll(/```ts\n\/\/ (\S+)\n(.*?)```/gs)].map(([, path = '', code = '']) => [path, code]),
);

/** The example as a module of its own, with the project's modules at their places. */
async function load(t: TestContext, path: string): Promise<Record<string, unknown>> {
  const code = examples.get(path) ?? assert.fail(`no example of ${path}`);
  const folder = mkdtempSync(join(tmpdir(), 'zban-extending-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  const place = (specifier: string) => pathToFileURL(resolve(root, dirname(path), specifier)).href;
  writeFileSync(
    file,
    code.replace(/from '(\.[^']+)'/g, (_, specifier: string) => `from '${place(specifier)}'`),
  );
  return import(pathToFileURL(file).href);
}

const message = formatMessage(fuse, { host: 'web-1' });

/** What beside its module each example changes, as the page says. */
const CHANGES: Readonly<
  Record<string, Readonly<Record<string, readonly (readonly [before: string, after: string])[]>>>
> = {
  'src/notify/templates/gotify.ts': {
    'src/model/notification.ts': [["  'alertmanager',\n", "  'alertmanager',\n  'gotify',\n"]],
    'src/notify/templates.ts': [
      ['import { json }', "import { gotify } from './templates/gotify.ts';\nimport { json }"],
      ['  alertmanager,\n', '  alertmanager,\n  gotify,\n'],
    ],
  },
  'src/notify/syslog.ts': {
    'src/settings/notify-settings.ts': [
      ['default([]), email }', 'default([]), email, syslog: section({ program: file, ...delivery.shape }) }'],
    ],
    'src/notify/channels.ts': [
      ['import { openWebhooks', "import { openSyslog } from './syslog.ts';\nimport { openWebhooks"],
      ['{ slack, webhook, email }', '{ slack, webhook, email, syslog }'],
      ['...openEmail(', '...openSyslog(syslog, environment, timeoutMs), ...openEmail('],
    ],
  },
  'src/enforce/blackhole.ts': {
    'src/enforce/backends.ts': [
      ['import { exec }', "import { blackhole } from './blackhole.ts';\nimport { exec }"],
      ['nginx, exec }', 'nginx, exec, blackhole }'],
    ],
    'src/settings/firewall-settings.ts': [["'exec', 'dry-run'", "'exec', 'blackhole', 'dry-run'"]],
  },
  'src/parse/tsv-format.ts': {
    'src/parse/formats.ts': [
      ['import type { LineFormat }', "import { TsvFormat } from './tsv-format.ts';\nimport type { LineFormat }"],
      ['} as const satisfies', "  tsv: { open: () => new TsvFormat(), refusal: 'not_tsv' },\n} as const satisfies"],
    ],
  },
  'src/detect/drain.ts': {
    'src/detect/rules.ts': [
      ['import { flood }', "import { drain } from './drain.ts';\nimport { flood }"],
      ['scrape, flood]', 'scrape, flood, drain]'],
    ],
  },
};
const FILES_MAX = 3;

test(`an example has at most ${LINES_MAX} lines, and changes at most ${FILES_MAX} files of src`, () => {
  const modules = [...examples.keys()].filter((path) => path !== 'src/config/schema.ts');
  assert.deepEqual(modules, Object.keys(CHANGES));
  for (const code of examples.values()) assert.ok(code.trimEnd().split('\n').length <= LINES_MAX);
  for (const changes of Object.values(CHANGES)) assert.ok(1 + Object.keys(changes).length <= FILES_MAX);
  for (const row of page.matchAll(/^\| .* \| (the .*) \|$/gm)) {
    const named = (row[1] ?? '').split(', ').slice(1).sort();
    const found = Object.values(CHANGES).some((changes) => isDeepStrictEqual(Object.keys(changes).sort(), named));
    assert.ok(found, row[0]);
  }
});

test('a key stands where the page says', () => {
  const [, line = 'no example'] = /```yaml\n# config.yaml\n(.*)\n```/.exec(page) ?? [];
  assert.ok(readFileSync(join(root, 'config.yaml'), 'utf8').includes(line));
  assert.ok(
    readFileSync(join(root, 'src/config/schema.ts'), 'utf8').includes(examples.get('src/config/schema.ts') ?? '?'),
  );
});

describe('the examples in a copy of the project', () => {
  let copy: string;
  const script = (code: string) => {
    const args = ['--input-type=module-typescript', '--disable-warning=ExperimentalWarning', '-e', code];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout);
  };

  before(() => {
    copy = mkdtempSync(join(tmpdir(), 'zban-extended-'));
    for (const path of ['src', 'package.json', 'tsconfig.json'])
      cpSync(join(root, path), join(copy, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    for (const [module, changes] of Object.entries(CHANGES)) {
      writeFileSync(join(copy, module), examples.get(module) ?? '');
      for (const [path, replacements] of Object.entries(changes)) {
        let text = readFileSync(join(copy, path), 'utf8');
        for (const [old, anew] of replacements) {
          assert.ok(text.includes(old), `${path}: ${old}`);
          text = text.replace(old, anew);
        }
        writeFileSync(join(copy, path), text);
      }
    }
  });
  after(() => rmSync(copy, { recursive: true }));

  test('no other file has to change for their types', () => {
    const tsc = join(root, 'node_modules/.bin/tsc');
    const { status, stdout } = spawnSync(tsc, ['--noEmit'], {
      cwd: copy,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout);
  });

  test('the configuration knows backend and channels, and opens them', () => {
    const opened = script(`
      import { configSchema } from './src/config/schema.ts';
      import { pickBackend } from './src/enforce/pick.ts';
      import { openChannels } from './src/notify/channels.ts';
      const { firewall, notify } = configSchema.parse({
        firewall: { backend: 'blackhole' },
        notify: { webhook: [{ template: 'gotify', url: 'https://gotify.example.com/', token: 'T' }], syslog: { program: '/bin/true' } },
      });
      const options = { settings: firewall, maxActive: 10, now: Date.now, log: () => {}, commandPrefix: ['true'] };
      const { backend } = await pickBackend(options);
      console.log(JSON.stringify([backend.name, ...openChannels(notify, {}).map(({ name }) => name)]));
    `);
    assert.deepEqual(opened, ['blackhole', 'gotify', 'syslog']);
  });

  test('a log of the format is read, and the rule bans by it', () => {
    const log = Array.from(
      { length: 400 },
      (_, i) => `${1_700_000_000 + i}.5\t192.0.2.7\t200\t${2 ** 30}\tGET /a.iso HTTP/1.1\n`,
    );
    writeFileSync(join(copy, 'access.log'), `${log.join('')}rubbish\n`);
    writeFileSync(join(copy, 'config.yaml'), 'logs: [{ path: access.log, format: tsv }]\n');
    const args = ['src/cli/main.ts', 'replay', 'access.log', '--json', '--config', 'config.yaml'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const ban = events.find(({ event }) => event === 'ban');
    assert.deepEqual([ban?.condition, ban?.ip], ['drain', '192.0.2.7'], stderr);
    assert.deepEqual([events.at(-1).lines, events.at(-1).skipped], [401, 1]);
  });
});

test('the template renders a message', async (t) => {
  const { gotify } = (await load(t, 'src/notify/templates/gotify.ts')) as { gotify: Template };
  const { headers, body } = gotify.render(message, { token: 'T', chat: undefined }) ?? assert.fail('nothing');
  assert.deepEqual(headers, { 'x-gotify-key': 'T' });
  const { title, priority } = body as { title: string; priority: number };
  assert.match(title, /^web-1: the fuse tripped/);
  assert.equal(priority, 8);
});

test('the channel delivers a message, and says what kept it from that', async (t) => {
  type Open = OpenChannels<DeliverySettings & { program?: string }>;
  const { openSyslog } = (await load(t, 'src/notify/syslog.ts')) as { openSyslog: Open };
  const settings = {};
  assert.deepEqual(openSyslog(settings, {}, 5000), []);
  const outcomes = [];
  for (const program of ['/bin/true', '/bin/false', '/nonexistent']) {
    const [channel] = openSyslog({ ...settings, program }, {}, 5000);
    assert.ok(channel && 'deliver' in channel);
    outcomes.push(await channel.deliver(message));
  }
  assert.deepEqual(outcomes, [
    { outcome: 'ok' },
    { outcome: 'retry', cause: 'logger ended with 1' },
    { outcome: 'retry', cause: 'logger cannot be run (ENOENT)' },
  ]);
});

test('the backend bans, lists, confirms and lifts in a real kernel, and takes out its own routes alone', {
  skip: rootSkip(),
}, async (t) => {
  const { blackhole } = (await load(t, 'src/enforce/blackhole.ts')) as { blackhole: BackendKind };
  const network = createNetwork({ hosts: ['server'] });
  t.after(() => network.close());
  network.run('server', ['ip', 'route', 'add', 'blackhole', '198.51.100.7']);
  const run = createCommandRunner({ timeoutMs: 20_000, prefix: network.prefix('server') });
  const log = () => {};
  const { firewall: settings } = configSchema.parse({});
  const filter = createFilter({ run, chain: settings.chain, lockWaitSeconds: 1, log });
  const firewall = { settings, run, filter, log, maxActive: 100, now: () => 0 };
  await blackhole.probe?.(firewall);
  const backend = blackhole.open(firewall);
  const targets = ['192.0.2.1', '192.0.2.128/25', '2001:db8::/64'];
  const add = targets.map((target) => ({ target, untilMs: 60_000 }));
  await backend.apply(add, 0);
  const held: string[] = [];
  await backend.list(({ target, untilMs }) => held.push(`${target} ${untilMs}`), { heldCount: 0, heldBans: () => [] });
  assert.deepEqual(
    held,
    targets.map((target) => `${target} 60000`),
  );
  const remove = [{ target: '192.0.2.1', untilMs: undefined }];
  assert.deepEqual([await backend.confirm(add, 0), await backend.confirm(remove, 0)], [true, false]);
  await backend.apply(remove, 0);
  assert.ok(await backend.confirm(remove, 0));
  for (const leave of blackhole.leavings) await leave(firewall);
  const left = ['-4', '-6'].map((family) =>
    network.run('server', ['ip', family, 'route', 'show', 'type', 'blackhole']),
  );
  assert.equal(left.join('').trim(), 'blackhole 198.51.100.7');
});

test('every configuration of docs/notifications.md is valid, and opens the channels that it names', () => {
  const text = readFileSync(join(root, 'docs/notifications.md'), 'utf8');
  const blocks = [...text.matchAll(/^ {4}notify:\n(?: {4}.*\n)+/gm)].map(([block]) => block.replace(/^ {4}/gm, ''));
  assert.equal(blocks.length, 5);
  const opened = blocks.flatMap((block) => openChannels(configSchema.parse(parse(block)).notify, {}));
  assert.deepEqual(
    [...new Set(opened.map(({ name }) => name))],
    ['slack', 'mattermost', 'discord', 'telegram', 'ntfy', 'pagerduty', 'alertmanager', 'mine', 'email'],
  );
  // The files are the reader's.
  for (const channel of opened) if ('problem' in channel) assert.match(channel.problem, /_file \S+ does not exist$/);
});
