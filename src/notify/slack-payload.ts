/**
 * A message in the part of Slack's Block Kit that zban uses. Texts are escaped so that the reader's client finds no link and no
 * mention, and that they end no code span. Asterisks and the like stay: mrkdwn has no escape for them. Pure.
 *
 * Sources: https://docs.slack.dev/messaging/formatting-message-text (escaping of &, < and >) and
 * https://docs.slack.dev/reference/block-kit/blocks (limits).
 */
import type { Message } from './message.ts';
import { cutText } from './plain-text.ts';

/** Slack's limits, in characters; the messages stay a little below them. */
const SECTION_CHARACTERS_MAX = 2900;
const HEADER_CHARACTERS_MAX = 150;
const FIELD_CHARACTERS_MAX = 1900;
/** Slack shows ten fields at most. */
const FIELDS_MAX = 10;

/** What is posted to the webhook: `text` is what notifications and old clients show. */
export type SlackPayload = ReturnType<typeof toSlackPayload>;
export type Block = SlackPayload['blocks'][number];

export function toSlackPayload(message: Message) {
  const { headline, details, facts, lines, commands } = message;
  const shown = `${message.icon} ${headline}`;
  const more = [...(shown.length > HEADER_CHARACTERS_MAX ? [headline] : []), ...details];
  const told = commands.map(([label, command]) => `${escapeText(label)}: ${codeSpan(command)}`);
  return {
    text: escapeText(headline),
    blocks: [
      header(shown),
      ...sections(more),
      ...(facts.length === 0 ? [] : [fields(facts)]),
      ...(lines === undefined ? [] : [section(`*${lines.title}*\n${codeBlock(lines.lines.map(escapeText))}`)]),
      ...(told.length === 0 ? [] : [section(told.join(' · '))]),
      context(message),
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
}

/** Slack's three control characters as entities, and no backticks; the result may be up to five times as long. */
export const escapeText = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/`/g, "'");

/** An inline code span; a dash where there is nothing to show, because Slack prints empty spans as backticks. */
const codeSpan = (text: string): string => `\`${escapeText(text) || '-'}\``;

/** Escaped lines as a block; those that no longer fit are counted in a last line. */
function codeBlock(lines: readonly string[]): string {
  const kept: string[] = [];
  let characters = 40;
  for (const line of lines) {
    characters += line.length + 1;
    if (characters > SECTION_CHARACTERS_MAX) break;
    kept.push(line);
  }
  if (kept.length < lines.length) kept.push(`… ${lines.length - kept.length} more`);
  return `\`\`\`${kept.join('\n')}\`\`\``;
}

/** `verbatim` keeps Slack from turning bare addresses, channels and names into links and mentions. */
const markup = (text: string, charactersMax: number) =>
  ({ type: 'mrkdwn', text: cutText(text, charactersMax), verbatim: true }) as const;

const header = (text: string) =>
  ({ type: 'header', text: { type: 'plain_text', text: cutText(text, HEADER_CHARACTERS_MAX), emoji: false } }) as const;

/** `text` is mrkdwn: what came from outside must be escaped. */
const section = (text: string) => ({ type: 'section', text: markup(text, SECTION_CHARACTERS_MAX) }) as const;

/** One section where all fit. Escaped text may be five times as long and is never cut, for that could part an entity. */
function sections(details: readonly string[]) {
  const text = details.map(escapeText).join('\n');
  if (text === '') return [];
  if (text.length <= SECTION_CHARACTERS_MAX) return [section(text)];
  return details.map((detail) => section(escapeText(cutText(detail, SECTION_CHARACTERS_MAX / 5))));
}

function fields(facts: Message['facts']) {
  const texts = facts
    .slice(0, FIELDS_MAX)
    .map(([label, value]) => `*${escapeText(label)}*\n${escapeText(value) || '-'}`);
  return { type: 'section', fields: texts.map((text) => markup(text, FIELD_CHARACTERS_MAX)) } as const;
}

function context({ severity, host, time, link }: Message) {
  const source = `${severity} · zban on ${codeSpan(host)} · ${codeSpan(time)}`;
  const address = link?.replace(/&/g, '&amp;').replace(/[<>|]/g, encodeURIComponent);
  const text = address === undefined ? source : `${source} · <${address}|Dashboard>`;
  return { type: 'context', elements: [markup(text, FIELD_CHARACTERS_MAX)] } as const;
}
