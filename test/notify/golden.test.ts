import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { goldenPath, renderGolden } from './golden.ts';

const rendered = renderGolden();

for (const [channel, text] of Object.entries(rendered)) {
  test(`every message to ${channel} is as its golden file shows it (npm run golden writes it anew)`, () => {
    assert.equal(text, readFileSync(goldenPath(channel), 'utf8'));
  });
}

test('there is a golden file for each channel and template, and no other', () => {
  const files = readdirSync(`${import.meta.dirname}/golden`).sort();
  assert.deepEqual(
    files,
    Object.keys(rendered)
      .map((channel) => `${channel}.yaml`)
      .sort(),
  );
});
