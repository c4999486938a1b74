/** Every `zban …` that zban, its documents and its scripts tell people to type is one that zban understands, and works. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { before, describe, test } from 'node:test';
import { createParser } from '../../src/cli/parser.ts';
import { TestDaemon } from '../support/daemon.ts';
import { logLine, visitorIp } from '../support/traffic.ts';

const project = join(import.meta.dirname, '../..');

interface Printed {
  readonly words: readonly string[];
  readonly places: readonly string[];
}

const SUBJECT = '203.0.113.9';
/** What stands for a value of the reader's own, and one that is as good. */
const PLACEHOLDERS: readonly (readonly [RegExp, string])[] = [
  [/^(\$\{[^}]*\})+$|^(ADDRESS|NETWORK|CLIENT|TARGET|LINE)$/, SUBJECT],
  [/^(LIST|LOG…|LOG|\S*access\.log\*?)$/, 'LOG_FILE'],
  [/^FILE$/, 'config.yaml'],
  [/^(N|RATE)$/, '5'],
  [/^LANE$/, 'none-such'],
  [/^NUMBER$/, '1'],
  [/^SITE$/, 'shop'],
];
/** Options without a value; the word after any other option is its value. */
const FLAG = /^--(json|all|end|remove|follow|watch|live|steady|(no-)?permanent|reverse|observed|baselines|help)$/;
/** Words after a command that belong to it; the first other word is prose. */
const ARGUMENT =
  /^(--?[a-z][a-z-]*|(\$\{[^}]*\})+|[A-Z]{1,9}…?|"[^"]*"|\d+[smhd]?|[0-9a-f]*[.:][0-9a-f.:]+(\/\d+)?|\/\S+|json|plain|until|bash|zsh|fish|verify|test|flush|leave|reset|status|update|explain|drop|keep|add)$/;

function sources(): string[] {
  const below = (folder: string) =>
    readdirSync(join(project, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  const single = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'config.yaml'].map((name) => join(project, name));
  return [...single, ...['docs', 'scripts', 'systemd', 'src'].flatMap(below)].filter(
    (path) => !/\.(txt|8)$/.test(path),
  );
}

/** Names of the commands, from the definitions themselves. */
async function commandNames(): Promise<Set<string>> {
  const help = await createParser([], '0', () => async () => {}).getHelp();
  return new Set([...help.matchAll(/^ {2}zban ([a-z]+)/gm)].map(([, name = '']) => name));
}

/** The command that begins with these words, up to the prose after it. */
function readCommand(text: string): string[] {
  const words: string[] = [];
  for (const [token] of text.matchAll(/"[^"\n]*"|'[^'\n]*'|\S+/g)) {
    // Punctuation ends a command; a backtick, quote or tag closes the span it stands in.
    const word = /^(["']).+\1$/.test(token) ? token : token.replace(/(\.?['"`<,;:)\\].*|\.)$/, '');
    const last = words.at(-1) ?? '';
    const isValue = last.startsWith('--') && !FLAG.test(last);
    if (word === '' || (words.length > 0 && !isValue && !ARGUMENT.test(word))) break;
    words.push(word);
    if (word !== token) break;
  }
  return words;
}

/** Every command with where it is printed; a code span with a name that zban does not have is one as well. */
async function findPrinted(): Promise<Map<string, Printed>> {
  const names = await commandNames();
  const found = new Map<string, { words: string[]; places: string[] }>();
  for (const path of sources()) {
    const text = readFileSync(path, 'utf8');
    for (const match of text.matchAll(/(\\?`(?:sudo )?|\b)zban ((?:--config \S+ )?)([a-z]+)/g)) {
      const [all, before = '', config = '', name = ''] = match;
      const isSpan = before.includes('`') && /^[^`$\n]{1,60}`/.test(text.slice(match.index + before.length));
      if (!names.has(name) && !isSpan) continue;
      const from = match.index + all.length - name.length;
      const words = readCommand(text.slice(from, from + 300).split('\n')[0] ?? '');
      if (config !== '') words.push('--config', 'FILE');
      const line = text.slice(0, match.index).split('\n').length;
      const key = words.join(' ');
      const entry = found.get(key) ?? { words, places: [] };
      entry.places.push(`${relative(project, path)}:${line}`);
      found.set(key, entry);
    }
  }
  return found;
}

function fill(words: readonly string[]): string[] {
  return words.map((word) => {
    const [, value] = PLACEHOLDERS.find(([pattern]) => pattern.test(word)) ?? [];
    // Quotes are the shell's; of a|b|c the reader takes one.
    return value ?? word.replace(/^(["'])(.*)\1$/, '$2').replace(/^(\w+)(\|\w+)+$/, '$1');
  });
}

/** What is wrong with a command. One that leaves its operands to the reader, such as `replay --json`, is given some. */
async function findMistake(words: readonly string[]): Promise<string | undefined> {
  const parse = (all: readonly string[]) => createParser(all, '0', () => async () => {}).parseAsync();
  try {
    await parse(words);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const rest = /^zban .* missing:/.test(message)
      ? [SUBJECT]
      : /^--out is missing$/.test(message)
        ? ['--out', '-']
        : [];
    return rest.length > 0 && !words.includes(SUBJECT) ? findMistake([...words, ...rest]) : message;
  }
}

describe('commands that zban prints', () => {
  let printed: Map<string, Printed>;
  before(async () => {
    printed = await findPrinted();
  });

  test('are found, in code and documents alike', () => {
    for (const command of ['unban ADDRESS', 'panic --end', 'audit --lines 50', 'notify test', 'list', 'firewall flush'])
      assert.ok(printed.has(command), `${command}: ${[...printed.keys()].join(' | ')}`);
  });

  test('are understood', async () => {
    const bad: string[] = [];
    for (const { words, places } of printed.values()) {
      const mistake = await findMistake(fill(words));
      if (mistake !== undefined) bad.push(`zban ${words.join(' ')} (${places.join(', ')}): ${mistake}`);
    }
    assert.deepEqual(bad, []);
  });

  test('an option that no command has is found out', async () => {
    assert.equal(
      await findMistake(readCommand('audit --limit 50 shows whom')),
      'unknown option --limit: see zban audit --help',
    );
    assert.equal(
      await findMistake(readCommand('audits')),
      'unknown command audits (did you mean audit?): see zban --help',
    );
  });

  /** Those that end by themselves. */
  const ENDLESS = /^(run|top|simulate)\b|--(watch|follow|live)\b/;

  test('do what they say', async (t) => {
    const daemon = new TestDaemon();
    t.after(() => daemon.close());
    const now = Math.floor(Date.now() / 1000);
    writeFileSync(
      daemon.log,
      Array.from({ length: 60 }, (_, n) => `${logLine(now - 60 + n, visitorIp(n))}\n`).join(''),
    );
    await daemon.start();
    const targets = join(daemon.folder, 'targets');
    writeFileSync(targets, '198.51.100.20\n198.51.100.21\n');
    const bad: string[] = [];
    const run = (words: readonly string[]) => {
      const file = /^(ban|unban|import)$/.test(words[0] ?? '') ? targets : daemon.log;
      // The test's own configuration stands for the reader's.
      const at = words.indexOf('--config');
      const own = at < 0 ? words : words.toSpliced(at, 2);
      return daemon.zban(...fill(own).map((word) => word.replace('LOG_FILE', file)));
    };
    // Something to lift, to explain and to show.
    assert.equal(run(['ban', SUBJECT, '198.51.100.7', '--for', '1h']).status, 0);
    // A panic makes the daemon start anew: what needs it comes before.
    const order = [/^(?!unban|allow|panic)/, /^unban/, /^allow/, /--remove/, /^panic/, /--end/];
    const rank = ({ words }: Printed) => order.findLastIndex((pattern) => pattern.test(words.join(' ')));
    for (const { words, places } of [...printed.values()].sort((a, b) => rank(a) - rank(b))) {
      const command = words.join(' ');
      if (words.length === 1 || ENDLESS.test(command)) continue;
      // What is undone twice is not there the second time, nor is an example (5); a flush and some checks say no here, and what is no table (1).
      const allowed = /--remove/.test(command)
        ? // Another entry may cover it still.
          [0, 1, 5]
        : /^(unban|allow|explain|lanes (explain|drop|keep))/.test(command)
          ? [0, 5]
          : /^(firewall|notify|tune|who update)/.test(command)
            ? // The example of a channel's name is none here.
              /^notify test \S/.test(command)
              ? [5]
              : [0, 1]
            : [0];
      const { status, stderr } = run(words);
      if (/^zban: zban .* missing:/.test(stderr)) continue;
      if (!allowed.includes(status ?? -1))
        bad.push(`zban ${command} (${places.join(', ')}) ended with ${status}: ${stderr}`);
    }
    assert.deepEqual(bad, []);
  });
});
