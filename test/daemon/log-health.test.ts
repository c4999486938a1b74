import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Troubles } from '../../src/daemon/troubles.ts';
import { LogHealth } from '../../src/daemon/watch/log-health.ts';
import { Parser } from '../../src/parse/parser.ts';
import { bytesOf, NEVER, PARSER } from '../support/parse.ts';
import { combinedLine, logLine, START, visitorIp } from '../support/traffic.ts';

const LOG = '/var/log/nginx/access.log';
const parser = new Parser(PARSER);

/** `before`: keys of what stood before a reload. */
function make(before: readonly string[] = []) {
  let nowMs = 0;
  const over: string[] = [];
  const stood = new Map(before.map((key) => [key, { key, what: key, fix: '' }]));
  const troubles = new Troubles({ log: () => {}, before: { troubles: stood, atMs: performance.now() } });
  troubles.tell({ onBegin: () => {}, onEnd: ({ key }) => void over.push(key) });
  const health = new LogHealth({ troubles, now: () => nowMs });
  const parse = (lines: readonly string[]) => {
    const bytes = bytesOf(lines.map((line) => `${line}\n`).join(''));
    return { bytes, tally: parser.parse(bytes, NEVER) };
  };
  return {
    over,
    learn: (...lines: string[]) => health.learned(LOG, parse(lines).tally),
    write: (...lines: string[]) => {
      const { bytes, tally } = parse(lines);
      health.arrived(LOG, tally, bytes);
    },
    lose: () => health.lost(LOG, 'lines are lost', 'keep them'),
    elapse: (ms: number) => {
      nowMs += ms;
    },
    look: (state = 'following', path = LOG) => {
      health.look([{ path, state, behind_bytes: 0 }]);
      return troubles.list();
    },
  };
}

const good = (n: number) => logLine(START + n, visitorIp(n), `/${n}`);
const times = (count: number, line: (n: number) => string) => Array.from({ length: count }, (_, n) => line(n));

test('a log of which nothing is understood is a trouble, until it is', () => {
  const { write, look } = make();
  write(...times(9, () => 'something else'));
  assert.deepEqual(look(), []);
  write(...times(39_991, () => 'something else'));
  const [trouble = '', ...more] = look();
  assert.match(
    trouble,
    /40000 of the 40000 newest lines \(not_combined\) of \/var\/log\/nginx\/access\.log are not understood/,
  );
  assert.match(trouble, /logs\[\]\.format/);
  assert.deepEqual(more, []);
  write(...times(19, good));
  assert.equal(look().length, 1);
  write(good(20));
  assert.deepEqual(look(), []);
});

test('a share of lines that are not understood is a trouble, the odd one is none, whatever the size of the chunks', () => {
  const { write, look } = make();
  for (let n = 0; n < 2000; n++) {
    write(n % 20 === 0 ? 'junk' : good(n));
    assert.deepEqual(look(), []);
  }
  write(...times(1000, (n) => (n % 8 === 0 ? 'junk' : good(n))));
  assert.equal(look().length, 1);
  write(...times(1000, (n) => (n % 20 === 0 ? 'junk' : good(n))));
  assert.deepEqual(look(), []);
});

test('what the past of the log was like is told as soon as it is followed', () => {
  const { learn, look } = make();
  learn(...times(5000, () => 'something else'));
  assert.match(look()[0] ?? '', /not understood/);
});

test('the silence of a log that used to speak is a trouble, until it speaks again', () => {
  const { write, look, elapse } = make();
  for (let n = 0; n < 200; n++) {
    write(good(n));
    elapse(n === 100 ? 30_000 : 2000);
  }
  elapse(590_000);
  assert.deepEqual(look(), []);
  elapse(10_000);
  assert.match(
    look()[0] ?? '',
    /no line has come into \/var\/log\/nginx\/access\.log for 10m; the longest pause before was 30s/,
  );
  write(good(1));
  assert.deepEqual(look(), []);
});

test('a log that speaks seldom, in bursts, or has not spoken yet may be silent', () => {
  const seldom = make();
  for (let n = 0; n < 200; n++) {
    for (let line = 0; line < 10; line++) {
      seldom.write(good(n));
      seldom.elapse(20);
    }
    seldom.elapse(n % 50 === 0 ? 3_600_000 : 60_000);
    assert.deepEqual(seldom.look(), []);
  }
  seldom.elapse(3 * 3_600_000 - 120_000);
  assert.deepEqual(seldom.look(), []);
  const young = make();
  young.write(...times(1000, good));
  young.elapse(86_400_000);
  assert.deepEqual(young.look(), []);
});

test('a log that is missing for longer than a rotation takes', () => {
  const { look, elapse } = make();
  assert.deepEqual(look('missing'), []);
  elapse(59_000);
  assert.deepEqual(look('missing'), []);
  elapse(1000);
  assert.match(look('missing')[0] ?? '', /access\.log is missing/);
  assert.deepEqual(look(), []);
});

test('requests that nginx logs twice', () => {
  const { write, look } = make();
  for (let n = 0; n < 30; n++) write(good(n), combinedLine(START + n, visitorIp(n), `/${n}`));
  assert.match(look()[0] ?? '', /writes each request into \/var\/log\/nginx\/access\.log twice.*access_log/);
});

test('a loss is shown for an hour, and all of a log that is followed no more is over', () => {
  const { lose, look, elapse, write } = make();
  lose();
  assert.deepEqual(look(), ['lines are lost; keep them']);
  elapse(3_600_000);
  assert.deepEqual(look(), []);
  lose();
  write(...times(100, () => 'junk'));
  assert.equal(look().length, 2);
  assert.deepEqual(look('following', '/other.log'), []);
});

test('what stood before a reload is over once lines show it, or the log is not followed any more', () => {
  const kinds = ['log', 'missing', 'unread', 'silent', 'lost'];
  const before = ['/gone', LOG].flatMap((path) => kinds.map((kind) => `${kind} ${path}`));
  const { learn, write, look, elapse, over } = make([...before, 'lost rows', 'log behind', 'doubled']);
  learn(...times(200, good));
  look('missing');
  assert.deepEqual(
    over,
    kinds.map((kind) => `${kind} /gone`),
  );
  over.length = 0;
  elapse(3_600_000);
  write(...times(9, () => 'junk'));
  assert.deepEqual(over, [`log ${LOG}`, `silent ${LOG}`]);
  look();
  assert.deepEqual(over.slice(2), [`missing ${LOG}`]);
  write(...times(40_000, () => 'junk'));
  write(...times(99, good));
  assert.deepEqual(
    over.slice(3),
    [`unread ${LOG}`],
    'what the past of the log was like proves nothing of the lines of now',
  );
  look();
  assert.equal(over.length, 4);
});
