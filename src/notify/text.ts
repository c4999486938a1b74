/** A message as plain text: e-mail, push services, terminals. Pure. */
import type { Message } from './message.ts';

/** Everything below the headline, in paragraphs. */
export function spellBody(message: Message): string {
  const { details, facts, lines, commands, link } = message;
  const links = link === undefined ? [] : [`Dashboard: ${link}`];
  return [
    details.join('\n'),
    facts.map(([label, value]) => `${label}: ${value}`).join('\n'),
    lines === undefined ? '' : [`${lines.title}:`, ...lines.lines.map((line) => `  ${line}`)].join('\n'),
    [...commands.map(([label, command]) => `${label}: ${command}`), ...links].join('\n'),
    spellSource(message),
  ]
    .filter((paragraph) => paragraph !== '')
    .join('\n\n');
}

/** The last line: how urgent, who speaks, and of when. */
export const spellSource = ({ severity, host, time }: Message): string => `${severity} · zban on ${host} · ${time}`;
