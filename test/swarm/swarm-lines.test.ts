/** Of newcomers' lines a sample is read first: how many lines it leaves out is told by those that are read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { HIGH, LOW, ROW } from '../../src/parse/tally.ts';
import { samplingOf } from '../../src/swarm/swarm-lines.ts';
import { Clients, PERMANENT } from '../../src/traffic/clients.ts';
import { Evidence } from '../../src/traffic/evidence.ts';
import { bytesOf, NEVER, PARSER } from '../support/parse.ts';

const NOON = 1_800_000_000;
const [LINES, NEWCOMERS] = [8000, 600];

/** Of a line by each client, all of one second, the first `NEWCOMERS` are by newcomers who are let in; `others` says what the rest are. */
function sampling(others: { readonly firstSecond: number; readonly bannedUntil: number }): number {
  const parser = new Parser(PARSER);
  const text = Array.from(
    { length: LINES },
    (_, n) => `{"msec":"${NOON}.5","remote_addr":"192.0.${n >> 8}.${n & 255}","status":"200"}\n`,
  );
  const bytes = bytesOf(text.join(''));
  const tally = parser.parse(bytes, NEVER);
  const [evidence, clients] = [new Evidence(parser.reader), new Clients(LINES)];
  evidence.open(0, bytes, tally, 0);
  evidence.extend(LINES);
  for (let at = 0; at < LINES * ROW; at += ROW) {
    const isNewcomer = at < NEWCOMERS * ROW;
    const [high, low] = [tally.rows[at + HIGH] as number, tally.rows[at + LOW] as number];
    const slot = clients.add(high, low, isNewcomer ? NOON : others.firstSecond);
    clients.ban(slot, isNewcomer ? 0 : others.bannedUntil);
  }
  return samplingOf(evidence, clients, NOON - 60, NOON - 60);
}

test('one of 32 is read where all came since the surplus began, though none was known for a newcomer yet', () => {
  assert.equal(sampling({ firstSecond: NOON, bannedUntil: 0 }), 32);
});

test('lines of banned clients and of those who came before make the sample no smaller', () => {
  assert.equal(sampling({ firstSecond: NOON, bannedUntil: PERMANENT }), 2);
  assert.equal(sampling({ firstSecond: NOON - 3600, bannedUntil: 0 }), 2);
});
