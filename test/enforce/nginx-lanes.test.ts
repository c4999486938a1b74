/** Lanes with a real nginx: what it lets pass, what it stops, and what it makes of whatever a client may have sent. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { EnforcementError } from '../../src/enforce/backend.ts';
import { createCommandRunner } from '../../src/enforce/command.ts';
import { findLaneObstacle, type NginxLane } from '../../src/enforce/nginx-lane-text.ts';
import { NginxLanes, type NginxLanesOptions } from '../../src/enforce/nginx-lanes.ts';
import { LANES_MAX, type LaneMatch } from '../../src/model/lane.ts';
import fc from '../support/fast-check.ts';
import { findNginxObstacle, type Nginx, startNginx } from '../support/nginx.ts';
import { freePort } from '../support/ports.ts';
import { DEADLINE_MS } from '../support/until.ts';
import { eventually } from './world.ts';

const port = await freePort();
const HOUR_MS = 3_600_000;
let nextId = 0;

function laneOf(match: LaneMatch, changes: Partial<NginxLane> = {}): NginxLane {
  return { id: `t-${nextId++}`, action: 'deny', match, usualRps: 0.1, untilMs: Date.now() + HOUR_MS, ...changes };
}

interface Request {
  readonly method?: string;
  readonly target?: string;
  readonly agent?: string;
  readonly referer?: string;
  readonly from?: string;
}

/** Status of a request whose bytes are exactly these. */
function ask({ method = 'GET', target = '/', agent, referer, from = '192.0.2.1' }: Request): Promise<number> {
  const headers = [
    `${method} ${target} HTTP/1.1`,
    'Host: x',
    'Connection: close',
    `X-Forwarded-For: ${from}`,
    ...(agent === undefined ? [] : [`User-Agent: ${agent}`]),
    ...(referer === undefined ? [] : [`Referer: ${referer}`]),
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${headers.join('\r\n')}\r\n\r\n`));
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    // nginx closes the connection without an answer for 444.
    socket.on('close', () => resolve(text === '' ? 444 : Number(text.split(' ')[1])));
    socket.on('error', reject);
  });
}

describe('lanes in nginx', { skip: findNginxObstacle() ?? false }, () => {
  let nginx: Nginx;
  let options: NginxLanesOptions;
  let folder: string;
  let lanes: NginxLanes;
  const file = () => readFileSync(options.file, 'utf8');
  const workers = () => readFileSync(`/proc/${nginx.pid}/task/${nginx.pid}/children`, 'utf8').trim().split(/ +/);
  /** Applies, and waits until no worker has the configuration of before. */
  const open = async (some: readonly NginxLane[], exempt: readonly string[] = []) => {
    const old = workers();
    await lanes.apply(some, exempt);
    assert.ok(
      await eventually(() => {
        const now = workers();
        return now.length === 2 && !now.some((pid) => old.includes(pid));
      }),
    );
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'zban-lanes-'));
    const path = join(folder, 'zban-lanes.conf');
    const run = createCommandRunner({ timeoutMs: DEADLINE_MS });
    await new NginxLanes({ file: path, test: ['true'], reload: ['true'], run }).setUp();
    nginx = await startNginx({
      listen: [`127.0.0.1:${port}`],
      http: ['set_real_ip_from 127.0.0.1;', 'real_ip_header X-Forwarded-For;', `include ${path};`],
      server: ['if ($zban_lane = deny) { return 444; }'],
    });
    options = { file: path, test: [...nginx.command, '-T'], reload: ['kill', '-HUP', String(nginx.pid)], run };
    // A test's reloads need not wait for one another.
    lanes = new NginxLanes({ ...options, elapsedMs: () => 0 });
  });
  after(async () => {
    await nginx.stop();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    let clock = 0;
    lanes = new NginxLanes({ ...options, elapsedMs: () => (clock += 60_000) });
  });

  test('whatever stood in a log line, nginx accepts the file, and matches this text alone', async () => {
    const odd = fc.constantFrom(...'"\'$~\\{}()[]*+?.^|#;:=&%<> \t`!@-_/aAzZ09é漢'.split(''));
    // What no client can send in a header, nginx must still be able to read.
    const text = fc.array(fc.oneof(odd, odd, odd, fc.constantFrom('\n', '\r', '\0', '\x7f', '\u{1f600}')), {
      minLength: 1,
      maxLength: 30,
    });
    const sent = (letters: readonly string[]) => letters.join('');
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 12, maxLength: 12 }), async (texts) => {
        const [agents, rest] = [texts.slice(0, 6), texts.slice(6)];
        const matches: LaneMatch[] = [
          ...agents.map((letters) => ({ user_agent: sent(letters) })),
          ...rest.slice(0, 2).map((letters) => ({ path: `/${sent(letters)}`, method: sent(letters) })),
          ...rest.slice(2, 4).map((letters) => ({ path: `/${sent(letters)}*`, referer: 'absent' as const })),
          ...rest.slice(4).map((letters) => ({ query_keys: [sent(letters), 'a'], network: '203.0.113.0/24' })),
        ];
        await open(matches.map((match) => laneOf(match)));
        for (const letters of agents) {
          const agent = sent(letters);
          if (/[\0\r\n\x7f]/.test(agent) || agent !== agent.trim()) continue;
          assert.equal(await ask({ agent, referer: 'x' }), 444, JSON.stringify(agent));
          const other = `${agent}x`;
          if (!agents.some((each) => sent(each) === other))
            assert.equal(await ask({ agent: other, referer: 'x' }), 200);
        }
      }),
      { numRuns: 12 },
    );
  });

  const cases: readonly (readonly [string, LaneMatch, Request, readonly Request[]])[] = [
    [
      'an exact user agent, in its case',
      { user_agent: 'Mozilla/5.0 (X)' },
      { agent: 'Mozilla/5.0 (X)' },
      [{ agent: 'mozilla/5.0 (x)' }, { agent: 'Mozilla/5.0 (X) y' }, {}],
    ],
    ['no user agent', { user_agent: '-' }, {}, [{ agent: 'x' }]],
    [
      'an exact path, with any query',
      { path: '/a.b' },
      { target: '/a.b?x=1' },
      [{ target: '/aXb' }, { target: '/a.b/' }, { target: '/x/a.b' }],
    ],
    ['a prefix', { path: '/shop/*' }, { target: '/shop/1?x' }, [{ target: '/shop' }, { target: '/x?/shop/' }]],
    [
      'the names in a query, in any order',
      { query_keys: ['id', 'ids'] },
      { target: '/?ids=1&id&&id=2' },
      [{ target: '/?id=1' }, { target: '/?id=1&ids=2&x=3' }, { target: '/?ids=id' }, { target: '/' }],
    ],
    ['no query', { query_keys: [] }, { target: '/?' }, [{ target: '/?a' }]],
    ['a method', { method: 'POST' }, { method: 'POST', target: '/login' }, [{ target: '/login' }]],
    ['an absent referer', { referer: 'absent' }, { agent: 'x' }, [{ referer: 'http://x/' }]],
    ['a present referer', { referer: 'present' }, { referer: 'http://x/' }, [{}]],
    ['a network', { network: '2001:db8::/32' }, { from: '2001:db8:7::1' }, [{ from: '2001:db9::1' }]],
    [
      'all of three at once',
      { network: '203.0.113.0/24', method: 'GET', path: '/s*' },
      { from: '203.0.113.9', target: '/s' },
      [{ from: '203.0.113.9' }, { target: '/s' }],
    ],
  ];
  test('each part of a match means what the engine means by it', async () => {
    for (const [what, match, hit, misses] of cases) {
      await open([laneOf(match)]);
      assert.equal(await ask(hit), 444, what);
      for (const miss of misses) assert.notEqual(await ask(miss), 444, `${what}: ${JSON.stringify(miss)}`);
    }
  });

  test('hold: the usual rate passes, the rest gets 429, and who is exempt loses nothing', async () => {
    await open([laneOf({ user_agent: 'swarm' }, { action: 'hold', usualRps: 0.5 })], ['203.0.113.0/24']);
    const count = async (times: number, from: (n: number) => string) => {
      const statuses: number[] = [];
      for (let n = 0; n < times; n++) statuses.push(await ask({ agent: 'swarm', from: from(n) }));
      return statuses.filter((status) => status === 429).length;
    };
    const sinceMs = performance.now();
    const passed = 200 - (await count(200, (n) => `198.51.${n}.7`));
    const seconds = (performance.now() - sinceMs) / 1000;
    // A minute's worth at once, and the usual rate from then on, however long this machine took.
    assert.ok(passed >= 30 && passed <= 32 + 0.5 * seconds, `${passed} of 200 passed in ${seconds} s`);
    assert.equal(await count(50, (n) => `203.0.113.${n}`), 0);
    assert.equal(await ask({ agent: 'visitor' }), 200);
  });

  test('lanes that hold have a bucket each, more of them than zones, and each lets at least its usual rate pass', async () => {
    // Five rates in four zones; the first two share one.
    const rates = [0.001, 0.001, 0.2, 0.5, 0.7, 3];
    await open(rates.map((usualRps, n) => laneOf({ user_agent: `swarm ${n}` }, { action: 'hold', usualRps })));
    for (const [n, atOnce] of [10, 10, 12, 30, 42, 180].entries()) {
      const statuses: number[] = [];
      // Many more than its bucket takes, and those that leave it meanwhile.
      while (statuses.length < 4 * atOnce && !statuses.includes(429)) statuses.push(await ask({ agent: `swarm ${n}` }));
      assert.equal(statuses.at(-1), 429, `lane ${n} held none of ${statuses.length}`);
      assert.ok(statuses.length > atOnce, `lane ${n} held request ${statuses.length}`);
    }
  });

  test('what the log has in escapes is what the client sent, byte by byte', async () => {
    await open([laneOf({ user_agent: 'Evil \\x22Bot\\x22 \\xC3\\xB6 \\x5C' }), laneOf({ path: '/\\x22*' })]);
    assert.equal(await ask({ agent: 'Evil "Bot" ö \\' }), 444);
    assert.equal(await ask({ agent: 'Evil \\x22Bot\\x22 \\xC3\\xB6 \\x5C' }), 444);
    assert.equal(await ask({ agent: 'Evil "Bot" o \\' }), 200);
    assert.equal(await ask({ target: '/"a' }), 444);
  });

  test('nginx lets a lane go at its end, without zban and without a reload', async () => {
    await open([laneOf({ user_agent: 'over' }, { untilMs: Date.now() - 1000 }), laneOf({ user_agent: 'on' })]);
    assert.equal(await ask({ agent: 'over' }), 200);
    assert.equal(await ask({ agent: 'on' }), 444);
  });

  test('the last lane that ends leaves an empty map, and what is as it should be is not reloaded', async () => {
    const reloads: number[] = [];
    const own = new NginxLanes({
      ...options,
      run: (command) => {
        if (command.argv === options.reload) reloads.push(1);
        return options.run(command);
      },
      elapsedMs: () => 60_000 * (reloads.length + 1),
    });
    const lane = laneOf({ user_agent: 'once' });
    for (let n = 0; n < 3; n++) await own.apply([lane], []);
    assert.equal(reloads.length, 1);
    for (let n = 0; n < 3; n++) await own.apply([], []);
    assert.equal(reloads.length, 2);
    assert.doesNotMatch(file(), /once|zban_deny|limit_req_status/);
    assert.ok(await eventually(async () => (await ask({ agent: 'once' })) === 200));
  });

  test('a file that nginx refuses is taken back; one that it does not include is reported with the lines that lack', async () => {
    await open([laneOf({ user_agent: 'stays' })]);
    const before = file();
    const conf = join(nginx.command[2] ?? '', 'nginx.conf');
    const right = readFileSync(conf, 'utf8');
    const apply = (text: string) => {
      writeFileSync(conf, text);
      return lanes.apply([laneOf({ user_agent: 'new' })], []).finally(() => writeFileSync(conf, right));
    };
    await assert.rejects(apply(right.replace('events {', 'nonsense on;\nevents {')), /nonsense/);
    assert.equal(file(), before);
    await assert.rejects(apply(right.replace(`include ${options.file};`, 'map "" $zban_lane { default ""; }')), {
      code: 'kernel_refused',
      message: `nginx does not include ${options.file}: put "include ${options.file};" into its http block, and for deny "if ($zban_lane = deny) { return 444; }" into its servers`,
    });
    assert.equal(file(), before);
    // The operator's own limits keep their status; a second limit_req_status in one block would be refused.
    await apply(right.replace('http {', 'http {\n  limit_req_status 418;'));
    assert.doesNotMatch(file(), /limit_req_status/);
  });

  test('more lanes than there may be, and a text longer than its words, are refused', async () => {
    const holds = Array.from({ length: LANES_MAX + 1 }, (_, n) => laneOf({ user_agent: `${n}` }, { action: 'hold' }));
    await assert.rejects(
      lanes.apply(holds, []),
      (error) => error instanceof EnforcementError && error.code === 'set_full',
    );
    await open(holds.slice(1));
    assert.equal(findLaneObstacle({ user_agent: '('.repeat(900) }), undefined);
    await open([laneOf({ user_agent: '('.repeat(900) })]);
    assert.match(findLaneObstacle({ user_agent: '('.repeat(1100) }) ?? '', /longer than a word/);
  });
});
