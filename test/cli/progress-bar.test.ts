import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ProgressBar } from '../../src/cli/progress-bar.ts';
import { ReadProgress } from '../../src/replay/progress.ts';

function bar(isTTY: boolean) {
  const clock = { nowMs: 0 };
  const written: string[] = [];
  const stream = { isTTY, columns: 80, write: (text: string) => written.push(text) };
  return { clock, written, bar: new ProgressBar('replay', stream, () => clock.nowMs) };
}

test('a terminal sees share, rate and time left, ten times a second at most, and nothing is left of it', () => {
  const { clock, written, bar: shown } = bar(true);
  clock.nowMs = 2000;
  shown.show(0.25, 500_000, 'lines');
  clock.nowMs = 2050;
  shown.show(0.3, 600_000, 'lines');
  assert.deepEqual(written, ['\r\u001b[2Kreplay ██████░░░░░░░░░░░░░░░░░░  25%  250,000 lines/s, 6s left']);
  shown.clear();
  assert.equal(written.at(-1), '\r\u001b[2K');
});

test('nobody else sees anything', () => {
  const { written, bar: hidden } = bar(false);
  hidden.show(0.5, 1, 'lines');
  hidden.clear();
  assert.deepEqual(written, []);
  const { written: none, bar: unused } = bar(true);
  unused.clear();
  assert.deepEqual(none, []);
});

test('plain and gzipped logs count by what they hold; what cannot be read by nothing', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zban-progress-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [plain, packed] = [join(folder, 'a.log'), join(folder, 'b.log.gz')];
  writeFileSync(plain, 'x'.repeat(3000));
  writeFileSync(packed, gzipSync('x'.repeat(1000)));
  const progress = new ReadProgress([plain, packed, join(folder, 'nowhere.log')]);
  assert.equal(progress.share, 0);
  progress.add(1, 1000);
  assert.equal(progress.share, 0.25);
  progress.add(0, 1500);
  progress.end(0);
  assert.equal(progress.share, 1, 'a file may have become shorter');
});
