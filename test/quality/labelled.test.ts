import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parseAttacks } from '../../src/simulate/attacks/plan.ts';
import { formatLine } from '../../src/simulate/format.ts';
import { Labeller } from '../../src/simulate/labels.ts';
import { simulate } from '../../src/simulate/simulate.ts';
import { temporaryFolder } from '../support/folder.ts';
import { scoreLog } from './labelled.ts';

const MINUTE_MS = 60_000;

test('a log is scored by the labels beside it, those of people included', () => {
  const durationMs = 90 * MINUTE_MS;
  const attacks = parseAttacks('scanner@60m,login@75m', durationMs);
  assert.ok(typeof attacks !== 'string', String(attacks));
  const labeller = new Labeller();
  const startMs = Date.UTC(2026, 0, 5, 5);
  let text = '';
  for (const event of simulate({ site: 'blog', rateRps: 0.5, seed: 1, startMs, durationMs, attacks })) {
    labeller.add(event);
    text += formatLine(event, 'json');
  }
  const path = join(temporaryFolder(), 'blog.jsonl.gz');
  writeFileSync(path, gzipSync(text));
  const labels = labeller.labels('');
  const write = (more: object) => writeFileSync(path.replace('.jsonl.gz', '.labels.json'), JSON.stringify(more));
  write(labels);
  const { lines, score } = scoreLog(path);
  assert.equal(lines, labels.stats.lines);
  assert.deepEqual([score.loud, score.falseBans], [{ found: 2, of: 2 }, []]);

  // Nobody is an attacker: both bans are false, but for a client that counts neither way.
  const byHand = labels.attackers.map(({ ip }) => ({ ip }));
  write({ attackers: [], benign_heavy: [], ambiguous: byHand.slice(1), minor_probers: [] });
  assert.equal(scoreLog(path).score.falseBans.length, 1);
  write({
    attackers: byHand.map((one) => ({ ...one, kind: 'scan', tier: 'moderate' })),
    benign_heavy: [],
    ambiguous: [],
    minor_probers: [],
  });
  assert.deepEqual(scoreLog(path).score.moderate, { found: 2, of: 2 });
});
