/** Words that were replaced by the standard term, and must not come back into code, screens or documents. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const project = join(import.meta.dirname, '../..');

/** Each with what to say instead. */
const REPLACED: readonly (readonly [RegExp, string])[] = [
  [/\bmend(s|ed|ing)?\b/i, 'fix'],
  [/(?<![a-z])blown\b(?!')/i, 'tripped'],
  [/\bwhoever\b/i, 'anyone who'],
  [/\buntold\b/i, 'unreported'],
  [/\bTellReach\b/, 'ReportReach'],
  [/\bbeyond (the usual|normal)\b/i, 'above normal'],
  [/\blet be\b|\blets? in\b/i, 'not banned, allowlisted'],
  [/\baffair\b/i, 'concern'],
  [/: right \(/, 'OK'],
  [/\bit is asked for\b/i, 'is requested'],
];
const PLACES = ['src/**/*.{ts,js}', 'docs/*.md', '*.md', 'config.yaml', 'scripts/*', 'systemd/*'];

test('words that were replaced stay replaced', () => {
  const found: string[] = [];
  for (const path of PLACES.flatMap((place) => globSync(place, { cwd: project }))) {
    for (const [index, line] of readFileSync(join(project, path), 'utf8').split('\n').entries()) {
      for (const [pattern, instead] of REPLACED) {
        // The one place that reads rows of older versions names their words.
        if (pattern.test(line) && path !== 'src/record/row/stored-facts.ts')
          found.push(`${path}:${index + 1}: ${instead}`);
      }
    }
  }
  assert.deepEqual(found, []);
});
