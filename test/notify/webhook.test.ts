import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { inspect } from 'node:util';
import { configSchema } from '../../src/config/schema.ts';
import type { Channel, Delivery } from '../../src/notify/channel.ts';
import { openChannels } from '../../src/notify/channels.ts';
import { formatMessage } from '../../src/notify/format.ts';
import { describeFailure } from '../../src/notify/http-post.ts';
import { anomaly, ban, unban } from './examples.ts';

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

const received: Received[] = [];
let answers: ((response: ServerResponse) => void)[] = [];
const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  received.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
  const next = answers.shift();
  if (next) next(response);
  else response.end('ok');
};
let [server, origin] = [createServer(), ''];
// One for each test: a request that was given up may arrive late, and would take the answer of the next.
beforeEach(async () => {
  received.length = 0;
  answers = [];
  server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** The only channel of a configuration. */
function open(webhook: object, timeoutMs?: number): Channel {
  const [channel] = openChannels(configSchema.parse({ notify: { webhook: [webhook] } }).notify, {}, timeoutMs);
  assert.ok(channel && 'deliver' in channel, inspect(channel));
  return channel;
}

const message = formatMessage(ban(), { host: 'web-1' });
const deliver = (webhook: object): Promise<Delivery> => open(webhook).deliver(message);

test('JSON is posted with the token, and says what happened for people and for programs', async () => {
  assert.deepEqual(await deliver({ url: `${origin}/hook?key=1`, token: 't0ken' }), { outcome: 'ok' });
  const [{ path, headers, body } = assert.fail('nothing came')] = received;
  assert.equal(path, '/hook?key=1');
  assert.equal(headers.authorization, 'Bearer t0ken');
  assert.equal(headers['content-type'], 'application/json');
  const parsed = JSON.parse(body);
  assert.match(parsed.text, /^web-1 banned 203\.0\.113\.9 for 10 min: /);
  assert.deepEqual([parsed.kind, parsed.severity, parsed.host], ['ban', 'SEV-5', 'web-1']);
  assert.equal(parsed.events[0].ip, '203.0.113.9');
});

test('text goes as it is, with its headers', async () => {
  assert.deepEqual(await deliver({ template: 'ntfy', url: `${origin}/topic` }), { outcome: 'ok' });
  const [{ headers, body } = assert.fail('nothing came')] = received;
  assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
  assert.match(String(headers['title']), /^web-1 banned/);
  assert.match(body, /^It sent 330 requests/);
});

test('429 waits as long as the service says, in fractions of a second too; 5xx is tried again; 4xx is final', async () => {
  const answer =
    (status: number, headers = {}) =>
    (response: ServerResponse) =>
      void response.writeHead(status, headers).end();
  answers = [answer(429, { 'retry-after': '0.35' }), answer(500), answer(503, { 'retry-after': '9' }), answer(403)];
  const hook = { template: 'discord', url: `${origin}/hook` };
  assert.deepEqual(await deliver(hook), { outcome: 'retry', cause: 'Discord limits the rate (429)', afterMs: 350 });
  assert.deepEqual(await deliver(hook), { outcome: 'retry', cause: 'Discord answered 500' });
  assert.deepEqual(await deliver(hook), { outcome: 'retry', cause: 'Discord answered 503', afterMs: 9000 });
  const refused = await deliver(hook);
  assert.ok(refused.outcome === 'final');
  assert.match(refused.fix, /create a new one.*zban notify test/);
});

test('a service that hangs, also in the middle of its answer, is given up after the time limit', async () => {
  const hook = open({ url: `${origin}/hook` }, 100);
  for (const hang of [() => {}, (response: ServerResponse) => void response.writeHead(200).write('x')]) {
    answers = [hang, hang];
    assert.deepEqual(await hook.deliver(message), { outcome: 'retry', cause: 'no answer within 100 ms' });
  }
});

test('a certificate that does not serve is named as such', () => {
  const cause = (code: string) =>
    describeFailure(
      'Discord',
      new TypeError('fetch failed', { cause: Object.assign(new Error('SECRET'), { code }) }),
      1,
    );
  assert.equal(cause('CERT_HAS_EXPIRED'), 'Discord is unreachable: its certificate has expired');
  assert.match(cause('DEPTH_ZERO_SELF_SIGNED_CERT'), /^Discord is unreachable: its certificate is of no authority/);
  assert.equal(cause('ENEWS'), 'Discord is unreachable: the request failed (ENEWS)');
});

test('a redirect is not followed: it would carry the message elsewhere', async () => {
  answers = [(response) => void response.writeHead(307, { location: '/elsewhere' }).end()];
  const delivery = await deliver({ url: `${origin}/hook` });
  assert.ok(delivery.outcome === 'final');
  assert.match(delivery.fix, /redirects/);
  assert.equal(received.length, 1);
});

test('PagerDuty and Alertmanager get what opens or closes an incident, one by one, and nothing else', async () => {
  const pagerduty = open({ template: 'pagerduty', url: `${origin}/v2/enqueue`, token: 'key' });
  assert.equal(pagerduty.defaultSeverity, 'SEV-3');
  assert.equal(pagerduty.isEachSent, true);
  const list = { kind: 'many', time: '', action: 'ban', operator: 'ann', count: 30, clients: [], reason: '' } as const;
  assert.deepEqual(await pagerduty.deliver(formatMessage(list, { host: 'web-1' })), { outcome: 'ok' });
  assert.equal(received.length, 0);
  for (const notification of [anomaly(), unban('203.0.113.9')])
    await pagerduty.deliver(formatMessage(notification, { host: 'web-1' }));
  assert.deepEqual(
    received.map(({ body }) => JSON.parse(body).event_action),
    ['trigger', 'resolve'],
  );
});

test('a webhook that lacks something says what, and takes no other with it', () => {
  const notify = {
    webhook: [{ name: 'a' }, { template: 'telegram', chat: '1' }, { template: 'pagerduty' }, { url: origin }],
  };
  const opened = openChannels(configSchema.parse({ notify }).notify, {});
  assert.deepEqual(
    opened.map((channel) => ('problem' in channel ? channel.problem : channel.name)),
    [
      'notify.webhook[0].url_file is not set, and the webhook needs it',
      'notify.webhook[1].token_file is not set, and Telegram needs it',
      'notify.webhook[2].token_file is not set, and PagerDuty needs it',
      'json',
    ],
  );
});

test("Telegram's address is made of the bot's token", async () => {
  const { templates } = { templates: await import('../../src/notify/templates.ts') };
  assert.equal(
    templates.TEMPLATES.telegram.url?.({ token: '123:abc', chat: '1' }),
    'https://api.telegram.org/bot123:abc/sendMessage',
  );
});

test('neither address nor token is in what a channel shows or says', async () => {
  const secrets = { url: `${origin}/SECRET`, token: 'SECRET-token' };
  answers = [403, 429, 500].map((status) => (response) => void response.writeHead(status).end(JSON.stringify(secrets)));
  const channel = open(secrets);
  const said: unknown[] = [];
  for (let count = 0; count < 3; count += 1) said.push(await channel.deliver(message));
  const unreachable = open({ url: 'http://SECRET.invalid/SECRET', token: 'SECRET-token' });
  said.push(await unreachable.deliver(message));
  const { settings, ...rest } = channel;
  assert.doesNotMatch(inspect([said, rest], { depth: 9, showHidden: true }), /SECRET/);
});
