/** What a surge is compared with: ordinary lines, read as cheaply as can be, and as those of a surge are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from '../../src/parse/parser.ts';
import { readOrdinary, readSurge } from '../../src/site/site-evidence.ts';
import { Clients } from '../../src/traffic/clients.ts';
import { Evidence } from '../../src/traffic/evidence.ts';
import { bytesOf, NEVER, PARSER } from '../support/parse.ts';

const NOON = 1_800_000_000;
const AGENTS = ['Mozilla/5.0 (X11)', '-', '', 'caf\u00e9', 'a "quoted" \\ one', '\u{1f600}', 'curl/8.5.0', '\u0001'];

test('ordinary lines are compared by the same numbers as those of a surge, and none is read whole for it', () => {
  const parser = new Parser(PARSER);
  let whole = 0;
  const evidence = new Evidence({
    record: (source, line) => {
      whole++;
      return parser.reader.record(source, line);
    },
    scan: (source, bytes, start) => parser.reader.scan(source, bytes, start),
  });
  // One line of eight is taken.
  const lines = AGENTS.flatMap((agent) => Array.from({ length: 8 }, () => agent)).map(
    (agent, n) =>
      `${JSON.stringify({ msec: `${NOON}.5`, remote_addr: `192.0.2.${n}`, request: `GET /${n} HTTP/1.1`, status: '200', http_user_agent: agent })}\n`,
  );
  const bytes = bytesOf(lines.join(''));
  evidence.open(0, bytes, parser.parse(bytes, NEVER), 0);
  evidence.extend(lines.length);
  const clients = new Clients(100);
  const ordinary = readOrdinary(evidence, clients, lines.length, lines.length);
  assert.deepEqual([ordinary.length, whole], [AGENTS.length, 0]);
  const agents = readSurge(evidence, clients, NOON, 100).lines.map(({ agent }) => agent);
  assert.deepEqual(
    ordinary.map(({ agent }) => agent),
    agents.filter((_, n) => n % 8 === 0),
  );
});
