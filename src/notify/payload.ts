/** The part of Block Kit that zban uses. https://docs.slack.dev/reference/block-kit/blocks */
import { FIELD_CHARACTERS_MAX, HEADER_CHARACTERS_MAX, plainText, SECTION_CHARACTERS_MAX } from './markup.ts';

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

const markup = (text: string, charactersMax: number): Markup => ({
  type: 'mrkdwn',
  text: text.length <= charactersMax ? text : plainText(text, charactersMax),
  verbatim: true,
});

/** `text` is plain: no escaping needed, none done. */
export const header = (text: string): Block => ({
  type: 'header',
  text: { type: 'plain_text', text: plainText(text, HEADER_CHARACTERS_MAX), emoji: false },
});

/** `text` is mrkdwn: what came from outside must have gone through markup.ts. */
export const section = (text: string): Block => ({ type: 'section', text: markup(text, SECTION_CHARACTERS_MAX) });

/** Label and mrkdwn value, two columns, at most ten (Slack's limit). */
export const fields = (pairs: readonly (readonly [label: string, value: string])[]): Block => ({
  type: 'section',
  fields: pairs.slice(0, 10).map(([label, value]) => markup(`*${label}*\n${value}`, FIELD_CHARACTERS_MAX)),
});

export const context = (text: string): Block => ({
  type: 'context',
  elements: [markup(text, FIELD_CHARACTERS_MAX)],
});

export const payload = (text: string, blocks: Block[]): SlackPayload => ({
  text,
  blocks,
  unfurl_links: false,
  unfurl_media: false,
});
