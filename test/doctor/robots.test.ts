import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import { checkRobots } from '../../src/doctor/robots.ts';

const check = (robots: object) => checkRobots(configSchema.parse({ detection: { robots } }));

test('the list in force with its date or file; one that cannot be used with the way out', () => {
  const shipped = check({});
  assert.equal(shipped.level, 'ok');
  assert.match(
    shipped.message,
    /^\d+ are known, with \d+ networks: the list that comes with zban, of 20\d\d-\d\d-\d\d$/,
  );
  const broken = check({ list: '/nonexistent/robots.txt' });
  assert.equal(broken.level, 'warn');
  assert.match(
    broken.message,
    /cannot read \/nonexistent\/robots.txt.*; the list that comes with zban, of .* is in force/,
  );
  assert.equal(broken.fix, 'correct or remove detection.robots.list');
  assert.equal(check({ verify: false }).message, 'none is verified (detection.robots.verify)');
});
