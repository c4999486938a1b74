/** Whatever a log holds, messages are text to the services that show them, and within their limits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Notification } from '../../src/model/notification.ts';
import { formatDigest } from '../../src/notify/digest.ts';
import { toEmail } from '../../src/notify/email.ts';
import { formatMessage } from '../../src/notify/format.ts';
import type { Message } from '../../src/notify/message.ts';
import { plainText } from '../../src/notify/plain-text.ts';
import { escapeText, type SlackPayload, toSlackPayload } from '../../src/notify/slack-payload.ts';
import { TEMPLATES } from '../../src/notify/templates.ts';
import fc from '../support/fast-check.ts';
import { anomaly, ban, order, probes } from './examples.ts';

const format = (notification: Notification): Message => formatMessage(notification, { host: 'web-1' });

/** Every text of a payload: mrkdwn ones in `markup`, plain ones in `plain`. */
function texts(payload: SlackPayload): { markup: string[]; plain: string[] } {
  const markup = [payload.text];
  const plain: string[] = [];
  for (const block of payload.blocks) {
    if (block.type === 'header') plain.push(block.text.text);
    else if (block.type === 'context') markup.push(...block.elements.map((element) => element.text));
    else if ('fields' in block) markup.push(...block.fields.map((field) => field.text));
    else markup.push(block.text.text);
  }
  return { markup, plain };
}

function assertWithinLimits(payload: SlackPayload): void {
  assert.ok(payload.blocks.length <= 50);
  for (const block of payload.blocks) {
    if (block.type === 'header') assert.ok(block.text.text.length <= 150 && block.text.text.length > 0);
    else if (block.type === 'section' && 'fields' in block) {
      assert.ok(block.fields.length <= 10);
      for (const field of block.fields) assert.ok(field.text.length <= 2000);
    } else if (block.type === 'section') assert.ok(block.text.text.length <= 3000 && block.text.text.length > 0);
  }
}

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.constantFrom(
    '<!channel> <@U123> <https://example.com|bank>',
    '@channel @everyone [bank](https://example.com) <b>x</b>',
    '```\n*bold* `code`',
    '&lt;!here&gt;',
    'a\u202Eb\u0007\u001b[31m\u2028c\ud800',
    'x\r\nBcc: somebody@example.com\r\n\r\n.',
    '<'.repeat(700),
    '&'.repeat(2000),
  ),
);

const share = fc.double({ min: 0, max: 1, noNaN: true });
const entry = fc.record({ name: hostile, requests: fc.nat(), share, usual_share: fc.option(share) });
const sample = fc.record({ time: hostile, method: hostile, path: hostile, status: fc.nat(999), user_agent: hostile });
const condition = fc.constantFrom('scan', 'brute_force', 'scrape', 'multiplier' as const);
const anyNotification: fc.Arbitrary<Notification> = fc.oneof(
  fc
    .record({ samples: fc.array(sample, { maxLength: 5 }), condition, who: hostile, after: hostile })
    .map(({ samples, condition, who, after }) => ({ ...ban({ samples, condition }), who, after }) as Notification),
  fc
    .record({ top: fc.array(entry, { maxLength: 8 }), detail: hostile.map((text) => `looks ${text}`) })
    .map(({ top, detail }) => anomaly({ top_prefixes: top, top_paths: top, top_user_agents: top, detail })),
  fc.record({ kind: fc.constant('trouble' as const), time: hostile, what: hostile, fix: hostile, key: hostile }),
  fc.record({ target: hostile, operator: hostile, reason: hostile }).map((change) => order(change)),
  fc.record({
    kind: fc.constant('many' as const),
    time: hostile,
    action: fc.constantFrom('ban' as const, 'unban' as const),
    operator: fc.option(hostile),
    count: fc.nat(),
    clients: fc.array(hostile, { maxLength: 10 }),
    reason: hostile,
  }),
  fc.record({
    kind: fc.constant('panic' as const),
    time: hostile,
    phase: fc.constantFrom('start' as const, 'end' as const),
    operator: hostile,
    reason: hostile,
    lifted: fc.nat(),
  }),
  fc.record({ kind: fc.constant('unban' as const), time: hostile, ip: hostile, tier: fc.constant(1), reason: hostile }),
);
const anyMessage = fc
  .record({ one: anyNotification, copies: fc.nat(30), host: hostile })
  .chain(({ one, copies, host }) =>
    fc.constantFrom(formatMessage(one, { host }), formatDigest([one, ...Array(copies).fill(one)], { host })),
  );

test('whatever a log holds, Slack sees no markup of it and no limit is passed', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const payload = toSlackPayload(message);
      assertWithinLimits(payload);
      for (const text of texts(payload).markup) {
        assert.doesNotMatch(text, /[<>]|&(?!amp;|lt;|gt;)/);
        assert.doesNotMatch(text, /(?![\n])\p{C}/u);
        assert.equal((text.match(/`/g) ?? []).length % 2, 0, 'every backtick is one of ours, in pairs');
      }
    }),
    { numRuns: 300 },
  );
});

/** The value of a key of a template's body. */
const bodyOf = (template: keyof typeof TEMPLATES, message: Message): Record<string, unknown> =>
  TEMPLATES[template].render(message, { token: 't', chat: '1' })?.body as Record<string, unknown>;

test('whatever a log holds, Discord, Mattermost and Telegram see no markup of it, and no limit is passed', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const discord = String(bodyOf('discord', message)['content']);
      const mattermost = String(bodyOf('mattermost', message)['text']);
      assert.ok(discord.length <= 2000 && mattermost.length <= 16_000);
      for (const text of [discord, mattermost]) {
        const outside = text.replace(/```[^`]*```|`[^`\n]*`/g, '');
        assert.doesNotMatch(outside, /`(?<!\\`)|(?<!\\)[<[#|~]|@(?!\u200b)|:\/\//);
      }
      const telegram = String(bodyOf('telegram', message)['text']);
      assert.ok(telegram.length <= 4096);
      assert.doesNotMatch(telegram.replace(/<\/?(b|i|pre|code)>/g, ''), /[<>]|&(?!amp;|lt;|gt;|quot;)/);
    }),
    { numRuns: 200 },
  );
});

test('whatever a log holds, an e-mail has the headers that zban wrote and ntfy takes the message', () => {
  fc.assert(
    fc.property(anyMessage, (message) => {
      const email = toEmail(message, { to: ['ops@example.com'], from: undefined });
      for (const line of email.split('\n')) assert.ok(Buffer.byteLength(line) <= 998);
      const [head = ''] = email.split('\n\n', 1);
      for (const line of head.split('\n')) {
        assert.match(
          line,
          /^(To|Subject|Date|References|X-Zban-Severity|Auto-Submitted|MIME-Version|Content-[\w-]+): | =\?/,
        );
        assert.match(line, /^[\x20-\x7e]{1,998}$/);
      }
      const request = TEMPLATES.ntfy.render(message, { token: undefined, chat: undefined });
      assert.ok(Buffer.byteLength(String(request?.body)) <= 4096);
      assert.match(String(request?.headers?.['title']), /^[\x20-\x7e]+$/);
    }),
    { numRuns: 200 },
  );
});

test('backticks in a log cannot end a code span', () => {
  assert.equal(escapeText('a`b```c'), "a'b'''c");
  const [sample] = probes('/```<!channel>');
  const text = texts(toSlackPayload(format(ban({ samples: sample ? [sample] : [] })))).markup.join('\n');
  assert.ok(text.includes("/'''&lt;!channel&gt;"));
});

test('plain text is cut by characters, never through one', () => {
  assert.equal(plainText('𝒳'.repeat(10), 6), '𝒳𝒳…');
  assert.equal(plainText('x'.repeat(1_000_000), 6), 'xxxxx…');
  assert.equal(plainText(undefined, 5), '');
  assert.equal(plainText(' a\n\tb ', 10), 'a b');
});
