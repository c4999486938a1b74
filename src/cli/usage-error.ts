/** What is wrong with a command line, in words that name it and the nearest thing that exists. */
import { parsePrefix } from '../net/prefix.ts';
import { COMMANDS } from './definitions/all.ts';
import { COMMON_OPTIONS, type CommandDefinition, nameOf } from './definitions/command.ts';
import { didYouMean } from './did-you-mean.ts';

/** What other programs call these commands. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  ...{ block: 'ban', deny: 'ban', unblock: 'unban', release: 'unban', pardon: 'unban' },
  ...{ whitelist: 'allow', allowlist: 'allow', unallow: 'allow', bans: 'list', log: 'audit', logs: 'audit' },
  ...{ why: 'explain', info: 'explain', whois: 'who' },
};

/** Rewrites a message of yargs about these words. */
export function explainUsage(message: string, words: readonly string[]): string {
  const first = words.find((word, index) => !word.startsWith('-') && words[index - 1] !== '--config');
  const command = COMMANDS.find((definition) => nameOf(definition) === first);
  const [, unknown] = /^Unknown (?:argument|command)s?: (.*)$/s.exec(message) ?? [];
  if (unknown !== undefined) {
    // An option of two words comes twice, the second time in a spelling that nobody typed; what follows an unknown command
    // may be good.
    const typed = unknown
      .split(', ')
      .filter((name) => words.some((word) => bare(word) === name && (command || word === first || word !== name)));
    return typed.map((name) => explainUnknown(name, words, command)).join('\n');
  }
  // The word after an unknown option is taken for its value, even if it is the command.
  const option = words.find((word) => word.startsWith('-') && !Object.hasOwn(COMMON_OPTIONS, bare(word)));
  if (message.startsWith('which command') && option) return explainUnknown(bare(option), words, undefined);
  if (message.startsWith('Not enough non-option') && command) return explainMissing(command);
  const [, required] = /^Missing required argument: (.+)$/.exec(message) ?? [];
  if (required !== undefined) return `--${required} is missing`;
  const choices = [...message.matchAll(/Argument: (.+?), Given: "(.*)", Choices: (.+)/g)];
  if (choices.length > 0)
    return choices
      .map(([, name = '', given = '', list = '']) => {
        const known = list.split(', ').map((choice) => choice.replace(/^"|"$/g, ''));
        const place = command?.operands?.[name] ? '' : `--${name} `;
        const help = `${place}${given}${didYouMean(given, known)}: ${expectOneOf(known)}`;
        return `${help}${explainClient(given)}`;
      })
      .join('\n');
  return message;
}

function explainUnknown(name: string, words: readonly string[], command: CommandDefinition | undefined): string {
  const help = `see zban ${command ? `${nameOf(command)} ` : ''}--help`;
  const given = words.find((word) => bare(word) === name) ?? name;
  if (!given.startsWith('-'))
    return command
      ? `zban ${nameOf(command)} does not take ${name}: ${help}${explainClient(name)}`
      : `unknown command ${name}${didYouMean(OTHER_WORDS[name] ?? name, COMMANDS.map(nameOf))}: ${help}`;
  const known = Object.keys({ ...command?.options, ...COMMON_OPTIONS });
  return `unknown option ${given.split('=', 1)[0]}${didYouMean(name, known, '--')}: ${help}`;
}

function explainMissing({ usage, operands = {} }: CommandDefinition): string {
  const [, name = ''] = /<(\w+)/.exec(usage) ?? [];
  const { describe = name, choices } = operands[name] ?? {};
  return `zban ${usage}: ${name} missing: ${choices ? expectOneOf(choices.map(String)) : describe}`;
}

/** What to ask about one client, where a word names one. */
const explainClient = (word: string): string => (parsePrefix(word) ? `; about one client: zban explain ${word}` : '');

const expectOneOf = (choices: readonly string[]): string =>
  `expected ${choices.length === 1 ? choices[0] : `one of ${choices.join(', ')}`}`;

/** `for` of `--for=1h`. */
const bare = (word: string): string => word.replace(/^--?(no-)?/, '').replace(/=.*/s, '');
