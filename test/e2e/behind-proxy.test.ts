/** Behind a proxy: a real nginx that knows its clients by X-Forwarded-For, zban with the backend nginx, a flood. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../enforce/world.ts';
import { TestDaemon, until } from '../support/daemon.ts';
import { findNginxObstacle, startNginx } from '../support/nginx.ts';
import { freePort } from '../support/ports.ts';

test('a flood through a proxy is refused by nginx, others are served, and unban serves it again', {
  skip: findNginxObstacle() ?? false,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zban-proxied-'));
  const file = join(folder, 'zban.conf');
  writeFileSync(file, '');
  const address = `127.0.0.1:${await freePort()}`;
  const nginx = await startNginx({
    listen: [address],
    http: ['set_real_ip_from 127.0.0.1;', 'real_ip_header X-Forwarded-For;', `include ${file};`],
  });
  const daemon = new TestDaemon({
    config: {
      logs: [{ path: nginx.accessLog }],
      baseline: { warmup_max_requests: 100 },
      firewall: {
        backend: 'nginx',
        nginx: { file, test: [...nginx.command, '-T'], reload: ['kill', '-HUP', String(nginx.pid)] },
      },
    },
  });
  t.after(async () => {
    await daemon.close();
    await nginx.stop();
    rmSync(folder, { recursive: true });
  });
  const status = async (client: string) => {
    const response = await fetch(`http://${address}/`, { headers: { 'x-forwarded-for': client, connection: 'close' } });
    await response.arrayBuffer();
    return response.status;
  };
  await daemon.start();
  assert.equal(daemon.status()?.backend, 'nginx');
  // Requests go on until nginx has taken over the ban, however fast they are.
  const flood = async () => (await Promise.all(Array.from({ length: 20 }, () => status('192.0.2.66')))).includes(403);
  assert.ok(await eventually(flood), 'refused in the middle of the flood');
  assert.equal(await status('192.0.2.67'), 200);
  await until('the ban is confirmed', () => /result/i.test(daemon.zban('audit').stdout));
  assert.equal(daemon.zban('unban', '192.0.2.66').status, 0);
  assert.ok(await eventually(async () => (await status('192.0.2.66')) === 200));
});
