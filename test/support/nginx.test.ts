import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { startFlood } from './flooder.ts';
import { createNetwork, type Network, rootSkip } from './netns.ts';
import { findNginxObstacle, type Nginx, startNginx } from './nginx.ts';
import { freePort } from './ports.ts';
import { until } from './until.ts';

const skip = rootSkip() || findNginxObstacle() || false;

interface Line {
  readonly timestamp: string;
  readonly source_ip: string;
  readonly path: string;
  readonly status: string;
}

function linesOf(path: string): Line[] {
  const whole = existsSync(path) ? readFileSync(path, 'utf8') : '';
  return whole
    .slice(0, whole.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** Polls until the log satisfies the condition: nginx writes a line after it has sent the answer. */
async function logged(path: string, what: string, condition: (lines: Line[]) => boolean): Promise<Line[]> {
  return until(what, () => {
    const lines = linesOf(path);
    return condition(lines) && lines;
  });
}

async function served(t: TestContext): Promise<{ network: Network; nginx: Nginx }> {
  const network = createNetwork({ hosts: ['server', 'client'] });
  t.after(() => network.close());
  const nginx = await startNginx({ prefix: network.prefix('server') });
  t.after(() => nginx.stop());
  return { network, nginx };
}

/** Status of a request made from the client's namespace. */
function get(network: Network, url: string): string {
  const program = 'const answer = await fetch(process.argv[1]); await answer.arrayBuffer(); console.log(answer.status)';
  return network.run('client', [process.execPath, '--input-type=module', '-e', program, url]).trim();
}

describe('a real nginx in a namespace', { skip }, () => {
  test('answers another namespace over IPv4 and IPv6 and logs what docs/first-week.md promises', async (t) => {
    const { network, nginx } = await served(t);
    const ipv4 = network.address('server', 'client');
    const ipv6 = network.address('server', 'client', 6);
    assert.equal(get(network, `http://${ipv4}/`), '200');
    assert.equal(get(network, `http://${ipv4}/static/picture-3.png`), '200');
    assert.equal(get(network, `http://${ipv4}/none?%22quoted%22`), '404');
    assert.equal(get(network, `http://[${ipv6}]/login`), '401');
    const lines = await logged(nginx.accessLog, 'four lines', ({ length }) => length === 4);
    assert.deepEqual(
      lines.map(({ path, source_ip, status }) => [source_ip, path, status]),
      [
        [network.address('client'), '/', '200'],
        [network.address('client'), '/static/picture-3.png', '200'],
        [network.address('client'), '/none?%22quoted%22', '404'],
        [network.address('client', undefined, 6), '/login', '401'],
      ],
    );
    assert.match(lines[0]?.timestamp ?? '', /^\d{10}\.\d{3}$/);
  });

  test('goes on in a new log after a rotation', async (t) => {
    const { network, nginx } = await served(t);
    const url = `http://${network.address('server', 'client')}/`;
    get(network, url);
    const old = await nginx.rotate();
    assert.equal(old, `${nginx.accessLog}.1`);
    // Workers reopen in their own time; a line may still go to the old file, as in production.
    await logged(nginx.accessLog, 'a line in the new log', ({ length }) => {
      if (length === 0) get(network, url);
      return length > 0;
    });
    assert.ok(linesOf(old).length > 0);
    assert.equal(await nginx.rotate(), `${nginx.accessLog}.2`);
  });

  test('hands /api/ to a second server', async (t) => {
    const backend = createServer((_request, response) => response.writeHead(418).end());
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    t.after(() => backend.close());
    const { port } = backend.address() as AddressInfo;
    // The backend stays on the loopback of this namespace.
    const own = await freePort();
    const nginx = await startNginx({ listen: [`127.0.0.1:${own}`], proxyTo: `http://127.0.0.1:${port}` });
    t.after(() => nginx.stop());
    const answer = await fetch(`http://127.0.0.1:${own}/api/tea`);
    assert.equal(answer.status, 418);
    await answer.arrayBuffer();
  });

  test('says why it does not start', async () => {
    await assert.rejects(startNginx({ listen: ['256.0.0.1:80'] }), /nginx did not start: .*256\.0\.0\.1/s);
  });
});

describe('the flooder', { skip }, () => {
  for (const isFresh of [false, true])
    test(`keeps 500 requests a second on ${isFresh ? 'fresh' : 'kept'} connections, each of them logged`, async (t) => {
      const { network, nginx } = await served(t);
      const url = `http://${network.address('server', 'client')}/`;
      const flood = startFlood({
        url,
        rateRps: 500,
        seconds: 2,
        isFresh,
        timeoutMs: 10_000,
        prefix: network.prefix('client'),
      });
      const end = await flood.ended();
      assert.equal(end.sent, 1000);
      assert.equal(end.answered, 1000, JSON.stringify(end));
      assert.deepEqual(end.statuses, { 200: 1000 });
      const lines = await logged(nginx.accessLog, 'all requests', ({ length }) => length === 1000);
      assert.ok(lines.every(({ source_ip }) => source_ip === network.address('client')));
    });

  test('takes turns over its source addresses, IPv6 too', async (t) => {
    const { network, nginx } = await served(t);
    const sources = ['2001:db8:1::a', '2001:db8:1::b'];
    for (const address of sources)
      network.run('client', ['ip', '-6', 'addr', 'add', `${address}/64`, 'dev', 'eth0', 'nodad']);
    const url = `http://[${network.address('server', 'client', 6)}]/`;
    const end = await startFlood({
      url,
      rateRps: 100,
      seconds: 1,
      bind: sources,
      timeoutMs: 10_000,
      prefix: network.prefix('client'),
    }).ended();
    assert.equal(end.answered, 100, JSON.stringify(end));
    const lines = await logged(nginx.accessLog, 'all requests', ({ length }) => length === 100);
    for (const address of sources) assert.equal(lines.filter(({ source_ip }) => source_ip === address).length, 50);
  });

  test('sees dropped packets as time-outs, and answers again when they pass', async (t) => {
    const { network } = await served(t);
    const url = `http://${network.address('server', 'client')}/`;
    const flood = startFlood({ url, rateRps: 100, timeoutMs: 500, prefix: network.prefix('client') });
    await flood.until('answers', ({ answered }) => answered > 20);
    const rule = ['INPUT', '-s', network.address('client'), '-j', 'DROP'];
    network.run('server', ['iptables', '-A', ...rule]);
    const sinceMs = Date.now();
    // What was sent just before may still be answered, or given up by a slow machine.
    const dropped = await flood.until(
      'time-outs alone',
      ({ timedOut, lastAnswerMs, lastTimeoutMs }) =>
        timedOut > 50 && (lastTimeoutMs ?? 0) > Math.max(sinceMs, lastAnswerMs ?? Number.POSITIVE_INFINITY) + 500,
    );
    network.run('server', ['iptables', '-D', ...rule]);
    await flood.until('answers again', ({ answered }) => answered > dropped.answered + 50);
    const end = await flood.stop();
    assert.equal(end.sent, end.answered + end.timedOut + end.failed);
  });

  test('tells a refused connection from a dropped one', async (t) => {
    const { network, nginx } = await served(t);
    await nginx.stop();
    const url = `http://${network.address('server', 'client')}/`;
    const end = await startFlood({
      ...{ url, rateRps: 50, seconds: 1, timeoutMs: 10_000 },
      prefix: network.prefix('client'),
    }).ended();
    assert.deepEqual([end.answered, end.timedOut, end.failed, end.lastError], [0, 0, 50, 'ECONNREFUSED']);
  });
});
