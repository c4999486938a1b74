/**
 * Every message as every channel sends it, in test/notify/golden. `npm run golden` writes the files anew; look at the
 * difference before you commit it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { toEmail } from '../../src/notify/email.ts';
import type { Message } from '../../src/notify/message.ts';
import { toSlackPayload } from '../../src/notify/slack-payload.ts';
import { TEMPLATES } from '../../src/notify/templates.ts';
import { CASES } from './cases.ts';

const OPTIONS = { token: 'TOKEN', chat: '-1001234567890' };

const CHANNELS: Readonly<Record<string, (message: Message) => unknown>> = {
  slack: toSlackPayload,
  email: (message) => toEmail(message, { to: ['ops@example.com'], from: 'zban@example.com' }),
  ...Object.fromEntries(
    Object.entries(TEMPLATES).map(([name, { render }]) => [
      name,
      (message: Message) => render(message, OPTIONS) ?? 'nothing is sent',
    ]),
  ),
};

export const goldenPath = (channel: string): string => `${import.meta.dirname}/golden/${channel}.yaml`;

/** The content of the file for each channel: one entry for each message. */
export function renderGolden(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(CHANNELS).map(([channel, render]) => {
      const entries = Object.entries(CASES).map(([name, message]) =>
        stringify({ [name]: JSON.parse(JSON.stringify(render(message()))) }, { lineWidth: 0, blockQuote: 'literal' }),
      );
      return [channel, entries.join('\n')];
    }),
  );
}

if (process.argv[1] === import.meta.filename) {
  mkdirSync(`${import.meta.dirname}/golden`, { recursive: true });
  for (const [channel, text] of Object.entries(renderGolden())) writeFileSync(goldenPath(channel), text);
}
