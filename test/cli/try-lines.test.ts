/** The lines of the story that scripts/run tells. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStyle } from '../../src/cli/style.ts';
import { foldLine, width } from '../../src/cli/text.ts';
import { describeEntry } from '../../src/cli/try/lines.ts';
import { auditEntry } from '../http/examples.ts';

const ban = auditEntry({
  client: '203.0.113.213',
  condition: 'scan',
  enforced: false,
  numbers: {
    requests: 20,
    span_seconds: 4,
    samples: ['/.env', '/phpinfo.php', '/wp-content/backup-of-the-whole-site.tar.gz'].map((path) => ({ path })),
  },
});
const told = (columns: number) => foldLine(describeEntry(ban, createStyle(false), columns) ?? '', columns).split('\n');

test('a ban says what was requested, on as few lines as that takes', () => {
  const whole = told(200);
  assert.equal(whole.length, 1);
  assert.match(
    whole[0] ?? '',
    / · \.env, phpinfo\.php, backup-of-the-whole-site.* · 20 requests in 4 s · would be banned/,
  );
  for (const columns of [60, 80, 100, 120]) {
    const lines = told(columns);
    assert.match(lines.join('\n'), /\.env/, `${columns}`);
    assert.ok(lines.length <= 2, lines.join('\n'));
    for (const line of lines) assert.ok(width(line) <= columns, line);
  }
});
