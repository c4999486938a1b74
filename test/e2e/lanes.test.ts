/** Lanes where they work: a real nginx, a real daemon, a swarm of thousands of addresses, and visitors beside it. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { TestDaemon, until } from '../support/daemon.ts';
import { createNetwork, rootSkip } from '../support/netns.ts';
import { findNginxObstacle, startNginx } from '../support/nginx.ts';

const skip = rootSkip() || findNginxObstacle() || false;
const SWARM = 'Mozilla/5.0 (Swarm; "quoted" \\ $x{}; ~*) Crawler';
const VISITOR = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const PROGRAM = fileURLToPath(new URL('./swarm.ts', import.meta.url));

interface Lane {
  readonly id: string;
  readonly state: string;
}

async function setUp(t: TestContext) {
  const closers: (() => unknown)[] = [];
  t.after(async () => {
    for (const close of closers.reverse()) await close();
  });
  const folder = mkdtempSync(join(tmpdir(), 'zban-lanes-'));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  const [accessLog, lanes, bans] = ['access.log', 'zban-lanes.conf', 'zban.conf'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(bans, '');
  const network = createNetwork({ hosts: ['server', 'client'] });
  closers.push(() => network.close());
  // Every address of the network is the client's own (ip-route(8), local).
  network.run('client', ['ip', 'route', 'add', 'local', '10.77.0.0/16', 'dev', 'lo']);
  network.run('server', ['ip', 'route', 'add', '10.77.0.0/16', 'via', network.address('client')]);
  const daemon = new TestDaemon({ prefix: network.prefix('server') });
  closers.push(() => daemon.close());
  const configure = (nginx: object) =>
    daemon.configure({
      logs: [{ path: accessLog }],
      detection: { points: { enabled: false } },
      firewall: { backend: 'nginx', nginx: { file: bans, ...nginx } },
    });
  // Usual traffic of the last hour: visitors, a few of whom look as the swarm will.
  const now = Math.floor(Date.now() / 1000);
  const line = (second: number, ip: string, agent: string) =>
    `{"timestamp":"${second}","source_ip":"${ip}","method":"GET","path":"/","status":"200","response_size":"9","user_agent":${JSON.stringify(agent)},"referer":"","host":"x"}\n`;
  const past = Array.from({ length: 3600 }, (_, n) =>
    line(now - 3600 + n, `203.0.113.${n % 250}`, n % 1800 === 0 ? SWARM : VISITOR),
  );
  writeFileSync(accessLog, past.join(''));
  // The file is there before nginx is made to include it.
  configure({ lanes, test: ['true'], reload: ['true'] });
  writeFileSync(lanes, 'map "" $zban_lane { default ""; }\n');
  const nginx = await startNginx({
    prefix: network.prefix('server'),
    accessLog,
    http: [`include ${bans};`, `include ${lanes};`],
    server: ['if ($zban_lane = deny) { return 444; }'],
  });
  closers.push(() => nginx.stop());
  configure({ lanes, test: [...nginx.command, '-T'], reload: ['kill', '-HUP', String(nginx.pid)] });
  await daemon.start();
  const ask = (count: number, agent: string, first = 0): Record<string, number> => {
    const words = [
      process.execPath,
      PROGRAM,
      network.address('server', 'client'),
      '80',
      String(count),
      agent,
      String(first),
    ];
    return JSON.parse(network.run('client', words));
  };
  return { daemon, ask };
}

test('a swarm of thousands of addresses is held at its usual rate, dropped or denied, and every visitor is served', {
  skip,
}, async (t) => {
  const { daemon, ask } = await setUp(t);
  assert.deepEqual(ask(100, SWARM), { 200: 100 });
  const words = ['lanes', 'add', '--user-agent', SWARM, '--reason', 'a swarm'];
  const tested = daemon.zban(...words, '--dry-run');
  assert.equal(tested.status, 0, tested.stderr);
  assert.match(tested.stdout, /would have touched 102 of \d+ clients/);
  assert.equal(daemon.zban(...words).status, 1, 'these are too many to be stopped without asking');
  const added = daemon.zban(...words, '--rate', '0.1', '--force');
  assert.equal(added.status, 0, added.stderr);
  const [lane] = daemon.json<Lane[]>('lanes');
  assert.equal(lane?.state, 'open');
  // Workers with the configuration of before answer what they had begun.
  await until('nginx has the lane', () => (ask(30, SWARM, 200)['429'] ?? 0) > 0);

  const swarm = ask(3000, SWARM, 1000);
  const visitors = ask(100, VISITOR, 7000);
  assert.deepEqual(visitors, { 200: 100 });
  assert.equal((swarm['429'] ?? 0) + (swarm['200'] ?? 0), 3000, JSON.stringify(swarm));
  assert.ok((swarm['429'] ?? 0) >= 2700, JSON.stringify(swarm));
  t.diagnostic(`of 3000 requests of the swarm ${swarm['429']} were stopped, of 100 visitors none`);

  const id = lane?.id ?? '';
  const explained = daemon.zban('lanes', 'explain', id);
  assert.match(explained.stdout, /It is open: more than the usual gets 429/);
  assert.match(explained.stdout, /History .*lane: hold user agent "Mozilla\/5\.0 \(Swarm; "quoted"/);
  assert.equal(daemon.zban('lanes', 'drop', id).status, 0);
  await until('nginx lets everybody through', () => ask(20, SWARM, 8000)['200'] === 20);
  assert.equal(daemon.zban(...words, '--deny', '--force').status, 0);
  await until('nothing is answered', () => ask(20, SWARM, 8000)['none'] === 20);
  assert.deepEqual(ask(20, VISITOR, 8000), { 200: 20 });
  const actions = daemon.auditText().match(/\] (LANE|END LANE|LANE FAILED) /g) ?? [];
  assert.deepEqual(actions, ['] LANE ', '] END LANE ', '] LANE ']);
  const doctor = daemon.json<{ check: string; level: string; message: string }[]>('doctor');
  assert.deepEqual(doctor.find(({ check }) => check === 'lanes')?.level, 'ok');
});
