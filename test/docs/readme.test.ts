/** What the README shows and says is what zban does today. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { toSlackPayload } from '../../src/notify/slack-payload.ts';
import { CASES } from '../notify/cases.ts';
import { linesOf, record, shape } from './session.ts';

const project = join(import.meta.dirname, '../..');
const read = (path: string) => readFileSync(join(project, path), 'utf8');

test('the session in the README is what the commands print today: npm run session draws it again', async () => {
  const shapes = (lines: readonly string[]) => lines.filter((line) => /^\S/.test(line)).map(shape);
  const today = shapes((await record()).flatMap(({ command, lines }) => [`$ ${command}`, ...lines]));
  assert.ok(today.length > 20);
  for (const theme of ['light', 'dark']) {
    assert.deepEqual(shapes(linesOf(read(`docs/images/session-${theme}.svg`))), today, theme);
  }
});

test('the message in the README is what zban sends today: npm run pictures draws it again', () => {
  const message = CASES['ban: scan']?.();
  assert.ok(message);
  assert.ok(read('README.md').includes(`alt="In Slack: ${toSlackPayload(message).text}"`));
});

test('the README is short, and every link in it and in the documents leads somewhere', () => {
  assert.ok(read('README.md').split('\n').length <= 121);
  assert.ok(read('docs/detection.md').split('\n').length <= 151);
  const documents = ['README.md', ...readdirSync(join(project, 'docs')).map((name) => `docs/${name}`)];
  for (const path of documents.filter((name) => name.endsWith('.md'))) {
    for (const [, link = ''] of read(path).matchAll(/(?:\]\(|(?:src|srcset)=")([^)#"\s]+)/g)) {
      if (/^https?:/.test(link)) continue;
      assert.ok(existsSync(join(project, dirname(path), link)), `${path}: ${link}`);
    }
  }
});

test('the table of hand-written rules in the README is that of the measurements', () => {
  const rows = [
    ...read('docs/measurements.md').matchAll(
      /^\| (?:20 answers|100 requests|leaky buckets|\*\*zban\*\*, default).*$/gm,
    ),
  ];
  assert.equal(rows.length, 4);
  for (const [row] of rows) assert.ok(read('README.md').includes(row), row);
});

test("the extensions for Nextcloud are config.yaml's, and more", () => {
  const listIn = (path: string) => /static_extensions: \[([^\]]*)\]/.exec(read(path))?.[1]?.split(/,\s*/) ?? [];
  const defaults = listIn('config.yaml');
  assert.ok(defaults.length > 20);
  assert.deepEqual(listIn('docs/nextcloud.md').slice(0, defaults.length), defaults);
});
