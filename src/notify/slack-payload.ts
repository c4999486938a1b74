/** A message in the part of Slack's Block Kit that zban uses. https://docs.slack.dev/reference/block-kit/blocks Pure. */
import type { Message } from './message.ts';
import { cutText, plainText } from './plain-text.ts';
import {
  codeBlock,
  codeSpan,
  escapeText,
  FIELD_CHARACTERS_MAX,
  HEADER_CHARACTERS_MAX,
  SECTION_CHARACTERS_MAX,
} from './slack-markup.ts';

interface Markup {
  readonly type: 'mrkdwn';
  readonly text: string;
  /** Keeps Slack from turning bare addresses, channels and names into links and mentions. */
  readonly verbatim: true;
}

export type Block =
  | {
      readonly type: 'header';
      readonly text: { readonly type: 'plain_text'; readonly text: string; readonly emoji: false };
    }
  | { readonly type: 'section'; readonly text: Markup }
  | { readonly type: 'section'; readonly fields: Markup[] }
  | { readonly type: 'context'; readonly elements: Markup[] };

/** What is posted to the webhook: `text` is what notifications and old clients show. */
export interface SlackPayload {
  readonly text: string;
  readonly blocks: Block[];
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

/** Slack shows ten fields at most. */
const FIELDS_MAX = 10;
const TEXT_CHARACTERS_MAX = 300;

export function toSlackPayload(message: Message): SlackPayload {
  const { headline, details, facts, lines, commands } = message;
  const shown = `${message.icon} ${headline}`;
  const more = [...(shown.length > HEADER_CHARACTERS_MAX ? [headline] : []), ...details];
  const told = commands.map(([label, command]) => `${escapeText(label, 60)}: ${codeSpan(command, 100)}`);
  return {
    text: escapeText(headline, TEXT_CHARACTERS_MAX),
    blocks: [
      header(shown),
      ...sections(more),
      ...(facts.length === 0 ? [] : [fields(facts)]),
      ...(lines === undefined
        ? []
        : [section(`*${lines.title}*\n${codeBlock(lines.lines.map((line) => escapeLine(line)))}`)]),
      ...(told.length === 0 ? [] : [section(told.join(' · '))]),
      context(message),
    ],
    unfurl_links: false,
    unfurl_media: false,
  };
}

const markup = (text: string, charactersMax: number): Markup => ({
  type: 'mrkdwn',
  text: cutText(text, charactersMax),
  verbatim: true,
});

const header = (text: string): Block => ({
  type: 'header',
  text: { type: 'plain_text', text: plainText(text, HEADER_CHARACTERS_MAX), emoji: false },
});

/** `text` is mrkdwn: what came from outside must be escaped. */
const section = (text: string): Block => ({ type: 'section', text: markup(text, SECTION_CHARACTERS_MAX) });

/** One section where all fit. Escaped text may be five times as long and is never cut, for that could part an entity. */
function sections(details: readonly string[]): Block[] {
  const text = details.map((detail) => escapeText(detail, 1000)).join('\n');
  if (text === '') return [];
  if (text.length <= SECTION_CHARACTERS_MAX) return [section(text)];
  return details.map((detail) => section(escapeText(detail, SECTION_CHARACTERS_MAX / 5)));
}

const fields = (facts: Message['facts']): Block => ({
  type: 'section',
  fields: facts
    .slice(0, FIELDS_MAX)
    .map(([label, value]) =>
      markup(`*${escapeText(label, 60)}*\n${escapeText(value, 300) || '-'}`, FIELD_CHARACTERS_MAX),
    ),
});

/** Runs of spaces stay: they make columns. */
const escapeLine = (line: string): string =>
  line
    .split(/( {2,})/)
    .map((part) => (/^ {2,}$/.test(part) ? part : escapeText(part, 300)))
    .join('');

function context({ severity, host, time, link }: Message): Block {
  const source = `${severity} · zban on ${codeSpan(host, 100)} · ${codeSpan(time, 40)}`;
  const address = link?.replace(/&/g, '&amp;').replace(/[<>|]/g, encodeURIComponent);
  return {
    type: 'context',
    elements: [markup(address === undefined ? source : `${source} · <${address}|Dashboard>`, FIELD_CHARACTERS_MAX)],
  };
}
