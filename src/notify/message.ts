/** A message before a channel puts it into its own form. */
import type { Notification, Severity } from '../model/notification.ts';
import { plainText } from './plain-text.ts';

/** What is told as one incident: opened by one message and closed by another with the same key. */
export interface IncidentMark {
  /** Unique on this host: `ban/203.0.113.9`. */
  readonly key: string;
  readonly phase: 'open' | 'close';
  /** The same at both ends, unlike the severity, which may rise meanwhile. */
  readonly level: 'critical' | 'warning' | 'info';
  /** When it ends by itself, RFC 3339; absent where that is not known. */
  readonly until?: string;
}

/**
 * Every text is one line of plain text, bounded and free of control characters; parts of it may come from a log, so that a
 * channel escapes it for its markup. They are listed in the order in which they are read.
 */
export interface Message {
  readonly kind: Notification['kind'];
  readonly severity: Severity;
  /** An emoji for the kind of news, for channels that have room for it. */
  readonly icon: string;
  /** One sentence that begins with the host's name and reads well in a push preview. */
  readonly headline: string;
  /** Sentences with the numbers against normal. */
  readonly details: readonly string[];
  /** Label and value. */
  readonly facts: readonly (readonly [label: string, value: string])[];
  /** Lines to be shown in one width, such as requests from the log. */
  readonly lines: { readonly title: string; readonly lines: readonly string[] } | undefined;
  /** What it is for, and a command to type. */
  readonly commands: readonly (readonly [label: string, command: string])[];
  /** Address of the dashboard. */
  readonly link: string | undefined;
  readonly host: string;
  /** RFC 3339. */
  readonly time: string;
  readonly incident: IncidentMark | undefined;
  /** The events as `zban replay --json` prints them, of the kinds that have one. */
  readonly events: readonly object[];
}

/** What all messages of one daemon share. */
export interface Sender {
  readonly host: string;
  readonly link?: string | undefined;
}

/** What one kind of message says; `complete` adds the rest. */
export type Content = Pick<Message, 'icon' | 'headline'> &
  Partial<Pick<Message, 'details' | 'facts' | 'lines' | 'commands' | 'incident'>>;

/** The fact that an operator noted something shortly before. */
export const noted = (after: string | undefined): Message['facts'] => (after === undefined ? [] : [['Note', after]]);

export const HEADLINE_CHARACTERS_MAX = 300;
const DETAIL_CHARACTERS_MAX = 1000;
const FACT_CHARACTERS_MAX = 300;
const LINE_CHARACTERS_MAX = 300;

/** Makes a message of what a kind says: here every text becomes plain and bounded. */
export function complete(
  content: Content,
  rest: Pick<Message, 'kind' | 'severity' | 'time' | 'events'>,
  { host, link }: Sender,
): Message {
  const name = plainText(host, 100);
  const { details = [], facts = [], lines, commands = [] } = content;
  return {
    ...rest,
    time: plainText(rest.time, 40),
    icon: content.icon,
    headline: plainText(`${name}${content.headline}`, HEADLINE_CHARACTERS_MAX),
    details: details.map((text) => plainText(text, DETAIL_CHARACTERS_MAX)).filter((text) => text !== ''),
    facts: facts.map(([label, value]) => [label, plainText(value, FACT_CHARACTERS_MAX)] as const),
    lines: lines && { title: lines.title, lines: lines.lines.map((line) => boundLine(line)) },
    commands: commands.map(([label, command]) => [label, plainText(command, 100)] as const),
    link,
    host: name,
    incident: content.incident && { ...content.incident, key: plainText(content.incident.key, 200) },
  };
}

/** Columns keep their spaces. */
function boundLine(line: string): string {
  return line
    .split(/( {2,})/)
    .map((part) => (/^ {2,}$/.test(part) ? part : plainText(part, LINE_CHARACTERS_MAX)))
    .join('')
    .slice(0, LINE_CHARACTERS_MAX)
    .toWellFormed();
}
