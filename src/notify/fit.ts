/** Shortens a message to what a service takes. Pure. */
import type { Message } from './message.ts';
import { cutText } from './plain-text.ts';

/**
 * The message as `spell` writes it, in at most `max` units of `measure` (UTF-16 units by default). The log's lines go first,
 * the last of them first, then details, then facts: headline and commands stay.
 */
export function fitMessage(
  message: Message,
  max: number,
  spell: (message: Message) => string,
  measure: (text: string) => number = (text) => text.length,
): string {
  let shorter = message;
  for (;;) {
    const text = spell(shorter);
    if (measure(text) <= max) return text;
    const { lines, details, facts, headline } = shorter;
    const { length: characters } = headline;
    if (lines !== undefined)
      shorter = {
        ...shorter,
        lines: lines.lines.length > 1 ? { ...lines, lines: lines.lines.slice(0, -1) } : undefined,
      };
    else if (details.length > 0) shorter = { ...shorter, details: details.slice(0, -1) };
    else if (facts.length > 0) shorter = { ...shorter, facts: facts.slice(0, -1) };
    else if (shorter.commands.length > 0) shorter = { ...shorter, commands: [] };
    else if (characters <= 1) return '';
    else shorter = { ...shorter, headline: cutText(headline, Math.floor(characters / 2)) };
  }
}
