import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkConfig, defaultConfig, loadConfig } from '../../src/config/load.ts';
import { formatProblem } from '../../src/config/problem.ts';
import { parseYaml } from '../../src/config/yaml-file.ts';
import { editDistance, findClosest } from '../../src/english/closest.ts';
import fc from '../support/fast-check.ts';
import { temporaryFolder } from '../support/folder.ts';

const root = temporaryFolder();

let folders = 0;
function write(files: Record<string, string>): string {
  const folder = join(root, String(folders++));
  mkdirSync(join(folder, 'config.d'), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return join(folder, 'config.yaml');
}

function load(files: Record<string, string>) {
  const loaded = loadConfig(write(files));
  assert.ok(loaded.ok, loaded.ok ? '' : loaded.problems.map(formatProblem).join('\n'));
  return loaded;
}

function problemsOf(files: Record<string, string>): string[] {
  const loaded = loadConfig(write(files));
  assert.equal(loaded.ok, false);
  return loaded.ok ? [] : loaded.problems.map((problem) => formatProblem(problem).replace(/^\S*\/(?=\S+:)/, ''));
}

test('an empty file and empty sections are the defaults', () => {
  assert.deepEqual(load({ 'config.yaml': '' }).config, defaultConfig().config);
  assert.deepEqual(load({ 'config.yaml': '# nothing\n' }).config, defaultConfig().config);
  assert.deepEqual(load({ 'config.yaml': 'bans:\n  allowlist:\ndetection:\n' }).config, defaultConfig().config);
});

test('durations arrive in milliseconds and permanent as null', () => {
  const { config } = load({
    'config.yaml': 'bans: {schedule: [90s, 1h30m, permanent], decay: 1w}\ndetection: {window: 90s}',
  });
  assert.deepEqual(config.bans.schedule, [90_000, 5_400_000, null]);
  assert.equal(config.bans.decay, 604_800_000);
  assert.equal(config.detection.window, 90_000);
});

test('a missing file, a folder and an unreadable overlay each give a one-line error', () => {
  const missing = loadConfig(join(root, 'nothing.yaml'));
  assert.ok(!missing.ok);
  assert.match(missing.problems.map(formatProblem).join('\n'), /^\S+nothing\.yaml: there is no such file \(.*--config/);
  const folder = loadConfig(root);
  assert.ok(!folder.ok);
  assert.match(folder.problems.map(formatProblem).join('\n'), /is a directory/);
});

test('a file without an end, and one in another encoding, are refused in one line', () => {
  const problemOf = (file: string) => {
    const loaded = loadConfig(file);
    return loaded.ok ? '' : loaded.problems.map(formatProblem).join('\n');
  };
  assert.equal(problemOf('/dev/zero'), '/dev/zero: is longer than the 4194304 bytes allowed');
  const file = write({ 'config.yaml': '' });
  for (const text of ['\u{feff}mode: enforce', '\u{fffe}mode: enforce']) {
    writeFileSync(file, text, 'utf16le');
    assert.match(problemOf(file), /config\.yaml: is UTF-16 \(save it as UTF-8\)$/);
  }
});

test('an overlay that is not read is a doubt, and one that leads nowhere is said to', () => {
  const { config, warnings } = load({ 'config.yaml': '', 'config.d/10.yml': 'mode: enforce' });
  assert.equal(config.mode, 'observe');
  assert.match(warnings.map(formatProblem).join(), /config\.d\/10\.yml: is not read \(end its name in \.yaml\)$/);
  const file = write({ 'config.yaml': '' });
  symlinkSync('/nowhere', join(file, '../config.d/10.yaml'));
  const dangling = loadConfig(file);
  assert.ok(!dangling.ok);
  assert.match(
    dangling.problems.map(formatProblem).join(),
    /10\.yaml: is a symbolic link to what is not there \(point it/,
  );
});

test('overlays go over the file in the order of their names: maps merge, lists and values replace', () => {
  const { config, files } = load({
    'config.yaml': 'detection: {z_score: 4, multiple: 6}\nbans: {allowlist: [192.0.2.1, 192.0.2.2]}',
    'config.d/20-later.yaml': 'detection: {z_score: 8}',
    'config.d/10-first.yaml': 'detection: {z_score: 7}\nbans: {allowlist: [198.51.100.0/24]}',
    'config.d/30-not-yaml.txt': 'mode: nonsense',
    'config.d/.hidden.yaml': 'mode: nonsense',
  });
  assert.equal(config.detection.z_score, 8);
  assert.equal(config.detection.multiple, 6);
  assert.deepEqual(config.bans.allowlist, ['198.51.100.0/24']);
  assert.equal(files.length, 3);
});

test('a mistake in an overlay names the overlay and its line; all files are checked at once', () => {
  assert.deepEqual(problemsOf({ 'config.yaml': 'mode: observ\n', 'config.d/a.yaml': '\nbans:\n  max_share: 3\n' }), [
    'a.yaml:3:3: bans.max_share: expected at most 1, got 3',
    'config.yaml:1:1: mode: expected one of observe, enforce, got "observ" (did you mean observe?)',
  ]);
  assert.equal(problemsOf({ 'config.yaml': 'a: [', 'config.d/a.yaml': 'b: [' }).length, 2);
});

test('the version changes with every setting, but neither with secrets nor with the way it is written', () => {
  const version = (text: string) => load({ 'config.yaml': text }).version;
  assert.match(version(''), /^[0-9a-f]{12}$/);
  assert.equal(version('mode: observe'), version(''));
  assert.equal(version('bans: {decay: 168h}'), version('bans: {decay: 7d}'));
  assert.notEqual(version('mode: enforce'), version(''));
  assert.notEqual(version('bans: {allowlist: [192.0.2.1]}'), version(''));
  const fields = (text: string) => version(`logs: [{path: a, fields: {${text}}}]`);
  assert.equal(fields('host: h, status: s'), fields('status: s, host: h'));
  const secret = (url: string) => version(`notify: {slack: {webhook_url: "${url}"}}`);
  assert.equal(secret('https://hooks.example.com/a'), secret('https://hooks.example.com/b'));
});

test('doubts are warnings, not errors', () => {
  const { warnings } = load({
    'config.yaml': [
      'mode: enforce',
      'detection: {z_score: 2, error_surge: {z_score: 4}}',
      'bans: {allowlist: [0.0.0.0/0], schedule: [permanent]}',
      'firewall: {backend: dry-run, protect_ports: []}',
      'http: {listen: "0.0.0.0:9617"}',
      'logs: [{path: /a.log, format: combined, fields: {host: h}}]',
    ].join('\n'),
  });
  assert.deepEqual(
    warnings.map((warning) => `${warning.line} ${warning.path}`),
    [
      '2 detection.error_surge.z_score',
      '3 bans.allowlist[0]',
      '3 bans.schedule[0]',
      '4 firewall.backend',
      '4 firewall.protect_ports',
      '5 http.listen',
      '6 logs[0].fields',
    ],
  );
});

test('limits that no sensitivity makes of the defaults are doubts, and so is what sensitivity makes of others', () => {
  const doubts = (text: string) => {
    const { warnings } = load({ 'config.yaml': text });
    return warnings.map((warning) => formatProblem(warning).replace(/^.*yaml:/, ''));
  };
  assert.deepEqual(doubts('sensitivity: 4'), []);
  assert.deepEqual(
    doubts('detection: {points: {scan: {limit: 3}}, min_requests: 175, error_surge: {min_errors: 15}}'),
    [],
  );
  assert.deepEqual(doubts('detection: {points: {scan: {limit: 2.9}}}'), [
    '1:29: detection.points.scan.limit: comes to 2.9, less than any sensitivity makes of its default: visitors may be banned (at least 3)',
  ]);
  assert.deepEqual(doubts('{sensitivity: 3, baseline: {warmup_max_requests: 200}}'), [
    '1:29: baseline.warmup_max_requests: comes to 67, less than any sensitivity makes of its default: visitors may be banned (at least 75)',
  ]);
});

test('paths that depend on where zban is started are doubts', () => {
  const text =
    'logs: [{path: access.log}]\nstate: {database: zban.db}\naudit: {log: ../audit.log}\ncontrol: {socket: /run/x}';
  const { warnings } = load({ 'config.yaml': text });
  assert.deepEqual(
    warnings.map((warning) => /(\S+): is another file in each folder/.exec(formatProblem(warning))?.[1]),
    ['logs[0].path', 'state.database', 'audit.log'],
  );
});

test('a network that was written with an address in it is named as what it is', () => {
  const prefix = load({ 'config.yaml': 'detection: {translation_prefixes: [2001:db8:64::1/96]}' });
  assert.match(prefix.warnings.map(formatProblem).join(), /translation_prefixes\[0\]: means all of 2001:db8:64::\/96/);
  const { warnings } = load({ 'config.yaml': 'bans: {allowlist: [203.0.113.77/24, 203.0.113.0/24, 203.0.113.77]}' });
  assert.deepEqual(
    warnings.map((warning) => formatProblem(warning).replace(/^.*yaml:/, '')),
    [
      '1:20: bans.allowlist[0]: allows all of 203.0.113.0/24, of which it names one address (write the address alone, or the network)',
    ],
  );
});

test('no ban lasts longer than a date can say', () => {
  const { config } = load({ 'config.yaml': 'bans: {schedule: [365250d]}' });
  assert.ok(new Date(Date.now() + (config.bans.schedule[0] ?? 0)).getTime() > 0);
  const [problem] = problemsOf({ 'config.yaml': 'bans: {schedule: [365251d]}' });
  assert.match(
    problem ?? '',
    /schedule\[0\]: expected a duration from 1s to 365250d, such as 10m, or permanent, got "365251d"/,
  );
});

test('the database is a file', () => {
  for (const name of ['', ' ', ':memory:']) {
    const problems = problemsOf({ 'config.yaml': `state: {database: ${JSON.stringify(name)}}` });
    assert.deepEqual(problems, [`config.yaml:1:9: state.database: expected a file, got ${JSON.stringify(name)}`]);
  }
});

test('a bound of one is not in the plural', () => {
  const problems = problemsOf({ 'config.yaml': 'control: {socket: ""}' });
  assert.deepEqual(problems, ['config.yaml:1:11: control.socket: expected at least 1 character, got ""']);
});

test('tokens for the dashboard must not travel unencrypted', () => {
  const http = (listen: string) => ({ 'config.yaml': `http: { listen: "${listen}", token_file: /etc/zban/tokens }` });
  assert.match(problemsOf(http('0.0.0.0:9617')).join(), /http\.token_file: needs http\.listen on a loopback address/);
  for (const listen of ['127.0.0.1:9617', '[::1]:9617', 'off']) load(http(listen));
});

test('any text is a configuration or a list of problems, never an exception', () => {
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null), fc.constant('10m'));
  const key = fc.constantFrom(
    'mode',
    'logs',
    'path',
    'bans',
    'schedule',
    'detection',
    'z_score',
    'fields',
    '__proto__',
    'constructor',
    '<<',
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 5 }),
    ),
  }));
  const snippets = fc.array(
    fc.oneof(
      fc.constantFrom(
        '&a ',
        '*a',
        '- ',
        '? ',
        ': ',
        '{',
        '}',
        '[',
        ']',
        '\n',
        '  ',
        '!!map ',
        '<<: ',
        '"',
        "'",
        '|',
        '%YAML',
        '---\n',
        'bans',
        'mode',
      ),
      fc.string(),
    ),
  );
  const text = fc.oneof(
    tree.map((value) => JSON.stringify(value)),
    snippets.map((parts) => parts.join('')),
    fc.string(),
  );
  fc.assert(
    fc.property(text, (yaml) => {
      const file = parseYaml('fuzz.yaml', yaml);
      if (file.problems.length > 0) return;
      const loaded = checkConfig('fuzz.yaml', [file]);
      if (loaded.ok) assert.match(loaded.version, /^[0-9a-f]{12}$/);
      else assert.ok(loaded.problems.length > 0);
      assert.equal(({} as Record<string, unknown>)['mode'], undefined, 'no prototype is touched');
    }),
    { numRuns: 2000 },
  );
});

test('the edit distance is a metric, and guesses only what is close', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      assert.equal(editDistance(a, b), editDistance(b, a));
      assert.equal(editDistance(a, b) === 0, a === b);
      assert.ok(editDistance(a, b) <= Math.max(a.length, b.length));
    }),
  );
  assert.equal(editDistance('enfroce', 'enforce'), 1);
  assert.equal(findClosest('xyz', ['mode', 'logs']), undefined);
  assert.equal(findClosest('allowlst', ['mode', 'allowlist']), 'allowlist');
});
