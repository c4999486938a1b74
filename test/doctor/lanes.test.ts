import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { checkLanes } from '../../src/doctor/lanes.ts';

const FILE = '/etc/nginx/zban-lanes.conf';
const INCLUDED = `# configuration file ${FILE}:\nmap "$a" $zban_lane { default ""; "~d" deny; }\n`;
const config = (lanes?: string) => configSchema.parse({ firewall: { nginx: { ...(lanes && { lanes }) } } });
const check = (text: string, lanes: string | undefined = FILE) => checkLanes(config(lanes), { kind: 'read', text });
const server = (lines: string) => `# configuration file /etc/nginx/nginx.conf:\nhttp { server { ${lines} } }\n`;

test('no finding without a lane file, or when nginx cannot be run', () => {
  assert.deepEqual(checkLanes(config(), { kind: 'read', text: server('') }), []);
  assert.deepEqual(checkLanes(config(FILE), { kind: 'missing' }), []);
});

test('swarm.action: hold without a lane file says what nginx needs', () => {
  const wanting = configSchema.parse({ swarm: { action: 'hold' } });
  const [found] = checkLanes(wanting, { kind: 'missing' });
  assert.equal(found?.level, 'warn');
  assert.match(found?.fix ?? '', /firewall\.nginx\.lanes: .*include .*if \(\$zban_lane = deny\)/);
});

test('a file that nginx does not include is a failure, with both lines', () => {
  const [found] = check(server(''));
  assert.equal(found?.level, 'fail');
  assert.match(
    found?.fix ?? '',
    /"include \/etc\/nginx\/zban-lanes\.conf;".*"if \(\$zban_lane = deny\) \{ return 444; \}"/,
  );
});

test('without a look at $zban_lane only lanes that hold work', () => {
  const [found, ...others] = check(`${server('listen 80;')}${INCLUDED}`);
  assert.deepEqual([found?.level, others], ['warn', []]);
  assert.match(found?.message ?? '', /those that deny stop nobody/);
});

test('limits of servers and locations keep lanes from holding there, unless they have zban’s beside them', () => {
  const look = 'if ($zban_lane = deny) { return 444; }';
  const limit = 'limit_req zone=login burst=5;';
  const [found] = check(`${server(`${look} location /login { ${limit} }`)}${INCLUDED}`);
  assert.match(found?.message ?? '', /zone login/);
  assert.match(found?.fix ?? '', /limit_req zone=zban_hold_1 burst=60 nodelay;/);
  for (const fine of [
    server(`${look} location /login { ${limit} limit_req zone=zban_hold_1 burst=60 nodelay; }`),
    server(look).replace('http {', `http { ${limit}`),
  ])
    assert.deepEqual(
      check(`${fine}${INCLUDED}`).map(({ level }) => level),
      ['ok'],
      fine,
    );
});
