/** The lines that docs/behind-a-proxy.md adds to the unit give nginx's test of its configuration the rights it needs. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findNginxObstacle, NGINX_BINARY } from '../support/nginx.ts';

const project = join(import.meta.dirname, '../..');
const [NOBODY, LOG_MODE] = [65_534, 0o640];
const skip = findNginxObstacle() ?? (process.getuid?.() !== 0 && 'needs root to give rights up');

function capabilitiesIn(path: string): string[] {
  const [, words = ''] = /^ *CapabilityBoundingSet=(.+)$/m.exec(readFileSync(join(project, path), 'utf8')) ?? [];
  return words.split(' ').map((word) => word.replace('CAP_', '').toLowerCase());
}

test('root with the rights of the unit and of the page may test nginx, whose log is another user’s, and not without', {
  skip,
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'zban-rights-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [log, config] = [join(folder, 'access.log'), join(folder, 'nginx.conf')];
  writeFileSync(log, '');
  chownSync(log, NOBODY, NOBODY);
  chmodSync(log, LOG_MODE);
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => {
    mkdirSync(join(folder, name));
    chownSync(join(folder, name), NOBODY, NOBODY);
    return `${name}_temp_path ${join(folder, name)};`;
  });
  const http = `${places.join(' ')} access_log ${log}; server { listen 80; }`;
  writeFileSync(config, `user nobody nogroup; pid ${folder}/pid; error_log ${log}; events {} http { ${http} }`);
  const test = (capabilities: readonly string[]) => {
    const bounds = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
    const command = ['-n', 'setpriv', `--bounding-set=${bounds}`, NGINX_BINARY, '-t', '-e', log, '-c', config];
    const { status, stderr } = spawnSync('unshare', command, { encoding: 'utf8' });
    return status === 0 ? 'OK' : stderr;
  };
  const unit = capabilitiesIn('systemd/zban.service');
  assert.match(test(unit), /Permission denied/);
  assert.equal(test([...unit, ...capabilitiesIn('docs/behind-a-proxy.md')]), 'OK');
});
