/** A message in Markdown as Mattermost and Discord read it: nothing from outside becomes a link, a mention or formatting. Pure. */
import type { Message } from './message.ts';
import { spellSource } from './text.ts';

/** https://spec.commonmark.org/0.31.2/#backslash-escapes; a zero-width space parts mentions and addresses of pages. */
export const escapeMarkdown = (text: string): string =>
  text
    .replace(/[\\`*_{}[\]()<>#|~!]/g, '\\$&')
    .replace(/@/g, '@\u200b')
    .replace(/:\/\//g, ':\u200b//');

/** Between backticks nothing is read as Markdown but the backtick. */
const code = (text: string): string => text.replace(/`/g, "'");

export function spellMarkdown(message: Message): string {
  const { icon, headline, details, facts, lines, commands, link } = message;
  const links = link === undefined ? [] : [`[Dashboard](${link.replace(/[()]/g, encodeURIComponent)})`];
  return [
    `${icon} **${escapeMarkdown(headline)}**`,
    details.map(escapeMarkdown).join('\n'),
    facts.map(([label, value]) => `**${escapeMarkdown(label)}:** ${escapeMarkdown(value)}`).join('\n'),
    lines === undefined ? '' : `${lines.title}:\n\`\`\`\n${lines.lines.map(code).join('\n')}\n\`\`\``,
    [...commands.map(([label, text]) => `${escapeMarkdown(label)}: \`${code(text)}\``), ...links].join(' · '),
    escapeMarkdown(spellSource(message)),
  ]
    .filter((part) => part !== '')
    .join('\n');
}
