/** https://core.telegram.org/bots/api#sendmessage */
import { fitMessage } from '../fit.ts';
import type { Message } from '../message.ts';
import type { Template } from '../template.ts';
import { spellSource } from '../text.ts';

const CHARACTERS_MAX = 4096;

export const telegram: Template = {
  service: 'Telegram',
  needs: ['chat'],
  url: ({ token = '' }) => `https://api.telegram.org/bot${token}/sendMessage`,
  render: (message, { chat }) => ({
    body: {
      chat_id: chat,
      text: fitMessage(message, CHARACTERS_MAX, spellHtml),
      parse_mode: 'HTML',
      link_preview_options: { is_disabled: true },
      disable_notification: message.severity === 'SEV-5',
    },
  }),
};

function spellHtml(message: Message): string {
  const { icon, headline, details, facts, lines, commands, link } = message;
  const links = link === undefined ? [] : [`<a href="${escapeHtml(link)}">Dashboard</a>`];
  return [
    `${icon} <b>${escapeHtml(headline)}</b>`,
    details.map(escapeHtml).join('\n'),
    facts.map(([label, value]) => `<b>${escapeHtml(label)}:</b> ${escapeHtml(value)}`).join('\n'),
    lines === undefined ? '' : `${lines.title}:\n<pre>${lines.lines.map(escapeHtml).join('\n')}</pre>`,
    [...commands.map(([label, text]) => `${escapeHtml(label)}: <code>${escapeHtml(text)}</code>`), ...links].join('\n'),
    `<i>${escapeHtml(spellSource(message))}</i>`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const escapeHtml = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
