/** Lanes where they work: a real nginx, a real daemon, a swarm of thousands of addresses, and visitors beside it. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { LiveLane } from '../../src/model/live-lane.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { createNetwork, rootSkip } from '../support/netns.ts';
import { findNginxObstacle, startNginx } from '../support/nginx.ts';

const skip = rootSkip() || findNginxObstacle() || false;
const SWARM = 'Mozilla/5.0 (Swarm; "quoted" \\ $x{}; ~*) Crawler';
const VISITOR = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const PROGRAM = fileURLToPath(new URL('./swarm.ts', import.meta.url));

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
      swarm: { action: 'hold' },
      firewall: { backend: 'nginx', nginx: { file: bans, ...nginx } },
    });
  writeFileSync(accessLog, ordinaryPast(Math.floor(Date.now() / 1000)));
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

/** Four hours of visitors who load a page with its style, one every four seconds. */
function ordinaryPast(now: number): string {
  const line = (second: number, ip: string, path: string) =>
    `{"timestamp":"${second}","source_ip":"${ip}","method":"GET","path":"${path}","status":"200","response_size":"900","user_agent":"${VISITOR}","referer":"","host":"x"}\n`;
  return Array.from({ length: 3600 }, (_, n) => {
    const ip = `198.51.${(n * 7) % 100}.${(n * 13) % 250}`;
    const second = now - 4 * (3600 - n);
    return line(second, ip, '/') + line(second + 1, ip, '/static/main.css');
  }).join('');
}

test('a swarm of thousands of addresses is held within seconds, and every visitor is served; a person ends it, and denies', {
  skip,
}, async (t) => {
  const { daemon, ask } = await setUp(t);
  // The swarm goes on until zban has opened a lane by itself, and nginx has it.
  let sent = 0;
  await until('nginx holds the swarm', () => {
    const statuses = ask(300, SWARM, sent);
    sent += 300;
    return (statuses['429'] ?? 0) > 200;
  });
  const [lane] = daemon.json<LiveLane[]>('lanes');
  assert.deepEqual([lane?.state, lane?.match.user_agent, lane?.actor], ['open', SWARM, 'policy']);

  const swarm = ask(3000, SWARM, 30_000);
  assert.deepEqual(ask(100, VISITOR, 60_000), { 200: 100 });
  assert.equal((swarm['429'] ?? 0) + (swarm['200'] ?? 0), 3000, JSON.stringify(swarm));
  assert.ok((swarm['429'] ?? 0) >= 2700, JSON.stringify(swarm));
  t.diagnostic(`held after at most ${sent} requests; of 3000 more ${swarm['429']} were stopped, of 100 visitors none`);

  const id = lane?.id ?? '';
  assert.match(daemon.zban('lanes', 'explain', id).stdout, /It is open: more than the usual gets 429/);
  assert.equal(daemon.zban('lanes', 'drop', id).status, 0);
  await until('nginx lets everybody through', () => ask(20, SWARM, 61_000)['200'] === 20);
  const words = ['lanes', 'add', '--user-agent', SWARM, '--deny'];
  const refused = daemon.zban(...words);
  assert.equal(refused.status, 1);
  assert.match(refused.stdout, /would have touched [\d,]+ of [\d,]+ clients/);
  assert.equal(daemon.zban(...words, '--force').status, 0);
  await until('nothing is answered', () => ask(20, SWARM, 61_000)['none'] === 20);
  assert.deepEqual(ask(20, VISITOR, 61_000), { 200: 20 });
  const actions = daemon.auditText().match(/\] (LANE|END LANE|LANE FAILED) /g) ?? [];
  assert.deepEqual(actions, ['] LANE ', '] END LANE ', '] LANE ']);
  const doctor = daemon.json<{ check: string; level: string }[]>('doctor');
  assert.equal(doctor.find(({ check }) => check === 'lanes')?.level, 'ok');
});
