import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { inspect } from 'node:util';
import { formatMessage } from '../../src/notify/format.ts';
import { Secret } from '../../src/notify/secret.ts';
import { createSlackDelivery } from '../../src/notify/slack.ts';
import { toSlackPayload } from '../../src/notify/slack-payload.ts';
import { ban } from './examples.ts';
import { answer, hang, SECRET_PATH, type StandIn, startStandIn } from './slack-stand-in.ts';

let slack: StandIn;
// One for each test: a request that was given up may arrive late, and would take the answer of the next.
beforeEach(async () => {
  slack = await startStandIn();
});
afterEach(() => slack.close());

const message = formatMessage(ban(), { host: 'web-1' });
const deliverTo = (url: string, timeoutMs = 5000) => createSlackDelivery(new Secret(url), timeoutMs);

test('a taken message is ok and arrives with text and blocks', async () => {
  assert.deepEqual(await deliverTo(slack.url)(message), { outcome: 'ok' });
  assert.deepEqual(slack.bodies.at(-1), JSON.parse(JSON.stringify(toSlackPayload(message))));
});

test('429 waits as long as Slack says', async () => {
  slack.answers = [answer(429, '', { 'retry-after': '7' })];
  assert.deepEqual(await deliverTo(slack.url)(message), {
    outcome: 'retry',
    cause: 'Slack limits the rate (429)',
    afterMs: 7000,
  });
});

test('429 without a usable time waits half a minute, and an absurd one is cut to an hour', async () => {
  for (const [value, afterMs] of [
    ['soon', 30_000],
    ['999999999', 3_600_000],
  ] as const) {
    slack.answers = [answer(429, '', { 'retry-after': value })];
    const delivery = await deliverTo(slack.url)(message);
    assert.equal(delivery.outcome === 'retry' && delivery.afterMs, afterMs);
  }
});

test('a server error is worth another try, asked once only', async () => {
  const before = slack.arrivals.length;
  slack.answers = [answer(500, 'rollup_error')];
  assert.deepEqual(await deliverTo(slack.url)(message), {
    outcome: 'retry',
    cause: 'Slack answered 500 rollup_error',
  });
  assert.equal(slack.arrivals.length, before + 1);
});

test('a hanging Slack counts as unreachable after the time limit', async () => {
  slack.answers = [hang];
  assert.deepEqual(await deliverTo(slack.url, 100)(message), { outcome: 'retry', cause: 'no answer within 100 ms' });
});

test('an answer whose body never ends counts as unreachable too', async () => {
  slack.answers = [(response) => response.writeHead(500).write('x')];
  assert.deepEqual(await deliverTo(slack.url, 100)(message), { outcome: 'retry', cause: 'no answer within 100 ms' });
});

test('a refused connection is worth another try', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  assert.deepEqual(await deliverTo(`http://127.0.0.1:${port}${SECRET_PATH}`)(message), {
    outcome: 'retry',
    cause: 'Slack is unreachable: the connection was refused',
  });
});

test('a connection cut in the middle is worth another try', async () => {
  slack.answers = [(response) => response.destroy()];
  const delivery = await deliverTo(slack.url)(message);
  assert.equal(delivery.outcome, 'retry');
});

test('a removed webhook is final and says how to fix it', async () => {
  slack.answers = [answer(404, 'no_service')];
  const delivery = await deliverTo(slack.url)(message);
  assert.equal(delivery.outcome, 'final');
  assert.ok(delivery.outcome === 'final');
  assert.equal(delivery.cause, 'Slack answered 404 no_service');
  assert.match(delivery.fix, /create a new one/);
});

test('a redirect is not followed: it would carry the message elsewhere', async () => {
  slack.answers = [answer(302, '', { location: slack.url })];
  const delivery = await deliverTo(slack.url)(message);
  assert.ok(delivery.outcome === 'final');
  assert.match(delivery.fix, /redirects/);
});

test('giving up ends a request under way', async () => {
  slack.answers = [hang];
  const giveUp = new AbortController();
  const delivery = deliverTo(slack.url, 60_000)(message, giveUp.signal);
  setImmediate(() => giveUp.abort());
  assert.deepEqual(await delivery, { outcome: 'retry', cause: 'given up' });
});

test('no outcome tells the webhook address, not even when the server echoes it', async () => {
  const outcomes: unknown[] = [];
  for (const status of [400, 403, 404, 429, 500, 503]) {
    slack.answers = [answer(status, `cannot POST ${slack.url}`)];
    outcomes.push(await deliverTo(slack.url)(message));
  }
  outcomes.push(await deliverTo(`http://${'x'.repeat(70)}.invalid${SECRET_PATH}`)(message));
  outcomes.push(await deliverTo(`not an address ${SECRET_PATH}`)(message));
  outcomes.push(await deliverTo(`http://user:${'s3cr3t'}@127.0.0.1:9${SECRET_PATH}`)(message));
  assert.equal(outcomes.length, 9);
  assert.doesNotMatch(inspect(outcomes, { depth: 9, showHidden: true }), /SECRET|s3cr3t|services/);
});
