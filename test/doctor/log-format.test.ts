import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { checkLogFormat } from '../../src/doctor/log-format.ts';

const COMBINED = '- $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';

function check(format: string, log: { format?: string; fields?: Record<string, string> } = {}) {
  const [entry] = configSchema.parse({ logs: [{ path: '/var/log/a', ...log }] }).logs;
  assert.ok(entry);
  return checkLogFormat('/var/log/a', format, entry);
}

test('formats that log the connecting address', () => {
  for (const [format, log] of [
    ['escape=json{"timestamp":"$msec","source_ip":"$remote_addr","host":"$http_host"}'],
    ['escape=json{"remote_addr":$remote_addr}'],
    ['escape=json{ "client_ip" : "$http_x_forwarded_for", "remote_addr": "$remote_addr" }'],
    ['escape=json{"who":"$remote_addr","source_ip":"$http_x"}', { fields: { source_ip: 'who' } }],
    [`$remote_addr ${COMBINED}`],
    [`$remote_addr ${COMBINED} "$http_x_forwarded_for"`, { format: 'combined' }],
    [`$host $remote_addr ${COMBINED}`, { format: 'vhost_combined' }],
    [`$host:$server_port $remote_addr ${COMBINED}`, { format: 'vhost_combined' }],
    ['{"time":"$msec"}'],
  ] as const)
    assert.deepEqual(check(format, log), [], format);
});

test('formats that let a client choose its address, and formats zban cannot read: each with its fix', () => {
  for (const [format, log, level, message, fix] of [
    [`$http_x_forwarded_for ${COMBINED}`, {}, 'fail', /names itself \(\$http_x_forwarded_for\)/, /log \$remote_addr/],
    [`$host ${COMBINED}`, {}, 'fail', /names itself \(\$host\)/, /log \$remote_addr/],
    ['{"source_ip":"$http_cf_connecting_ip"}', {}, 'fail', /names itself/, /real_ip_header/],
    ['{"ip":"$arg_ip"}', { fields: { source_ip: 'ip' } }, 'fail', /names itself/, /real_ip_header/],
    ['{"source_ip":"$client"}', {}, 'warn', /see that no client can choose it/, /log \$remote_addr/],
    ['escape=none{"source_ip":"$remote_addr"}', {}, 'fail', /escape=none/, /escape=json/],
    [`$host $remote_addr ${COMBINED}`, {}, 'fail', /\$host in front/, /^set logs\[\]\.format: vhost_combined$/],
    [`$remote_addr $host ${COMBINED}`, {}, 'fail', /in front of the address/, /first-week/],
    [
      `$remote_addr $host ${COMBINED}`,
      { format: 'vhost_combined' },
      'fail',
      /names itself \(\$host\)/,
      /log \$remote_addr/,
    ],
    [`$http_host $remote_addr ${COMBINED}`, { format: 'vhost_combined' }, 'fail', /space/, /write \$host/],
    [`$remote_addr ${COMBINED}`, { format: 'vhost_combined' }, 'fail', /without a host/, /format: combined/],
  ] as const) {
    const [found, ...more] = check(format, log);
    assert.deepEqual(more, []);
    assert.equal(found?.level, level, format);
    assert.match(found.message, message);
    assert.match(found.fix, fix);
  }
});
