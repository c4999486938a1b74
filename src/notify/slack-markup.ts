/**
 * Text from a log, made safe to show in Slack. Everything here returns text in which the reader's client finds no
 * link and no mention, and that ends no code span. Asterisks and the like stay: mrkdwn has no escape for them.
 *
 * Sources: https://docs.slack.dev/messaging/formatting-message-text (escaping of &, < and >) and
 * https://docs.slack.dev/reference/block-kit/blocks (limits).
 */
import { plainText } from './plain-text.ts';

/** Slack's limits, in characters and blocks; the messages stay a little below them. */
export const SECTION_CHARACTERS_MAX = 2900;
export const HEADER_CHARACTERS_MAX = 150;
export const FIELD_CHARACTERS_MAX = 1900;

/**
 * `plainText` with Slack's three control characters as entities, so that it holds no link or mention, and without
 * backticks, so that it ends no code span; the result may be up to five times as long.
 */
export function escapeText(value: unknown, charactersMax: number): string {
  return plainText(value, charactersMax)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/`/g, "'");
}

/** An inline code span; a dash where there is nothing to show, because Slack prints empty spans as backticks. */
export function codeSpan(value: unknown, charactersMax: number): string {
  return `\`${escapeText(value, charactersMax) || '-'}\``;
}

/** Lines that `escapeText` made, as a block; those that no longer fit are counted in a last line. */
export function codeBlock(lines: readonly string[]): string {
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
