/**
 * The manual page, made from the definitions: `npm run man` writes docs/zban.8, a test holds it to date.
 * Macros: man(7) of groff.
 */
import type { Options } from 'yargs';
import { COMMANDS } from './definitions/all.ts';
import { COMMON_OPTIONS, type CommandDefinition } from './definitions/command.ts';

const FILES: readonly (readonly [string, string])[] = [
  ['/etc/zban/config.yaml', 'the configuration; files in config.d/ beside it are laid over it'],
  ['/var/lib/zban/zban.db', 'the audit trail, bans in force and what was learned'],
  ['/var/log/zban/audit.log', 'every decision as a line of text'],
  ['/run/zban/zban.sock', 'the control socket; members of its group may use it'],
];

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'done'],
  ['1', 'failed'],
  ['2', 'wrong usage'],
  ['3', 'the daemon is not running'],
  ['4', 'no permission'],
  ['5', 'not found'],
  ['78', 'the configuration is wrong; zban check names every problem'],
];

/** Text that roff takes for text: backslashes, hyphens that are meant as such, and a dot or quote that begins a line. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');

const item = (term: string, text: string): string => `.TP\n.B ${roff(term)}\n${roff(text)}`;

function optionOf(name: string, option: Options): string {
  const names = [name, ...[option.alias ?? []].flat()].map((word) => (word.length > 1 ? `--${word}` : `-${word}`));
  const value = option.choices ? ` ${option.choices.join('|')}` : option.type === 'boolean' ? '' : ' VALUE';
  return item(`${names.join(', ')}${value}`, option.describe ?? '');
}

function commandOf({ usage, summary, operands = {}, options = {}, examples }: CommandDefinition): string {
  const described = Object.entries(operands).map(([name, { describe = '', choices }]) =>
    item(name, choices ? `${describe}: ${choices.join(', ')}` : describe),
  );
  return [
    `.SS zban ${roff(usage)}`,
    `${roff(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)}`,
    ...described,
    ...Object.entries(options).map(([name, option]) => optionOf(name, option)),
    ...examples.map(([line, what]) => `.PP\n${roff(what)}:\n.PP\n.RS 4\n.EX\n${roff(line)}\n.EE\n.RE`),
  ].join('\n');
}

/** The whole page. It carries no date and no version: it changes when the command line does. */
export function formatManPage(): string {
  return `${[
    '.\\" Made from src/cli/definitions by: npm run man',
    '.TH ZBAN 8 "" zban "System Administration"',
    '.SH NAME\nzban \\- learns normal web traffic and bans what leaves it',
    '.SH SYNOPSIS\n.B zban\n.I COMMAND\n.RI [ OPTIONS ]',
    `.SH DESCRIPTION\n${roff("zban follows nginx's access logs, learns what normal traffic looks like, and bans the addresses that leave it through the kernel's firewall. It releases bans by a tiered schedule and keeps an audit trail that explains every decision.")}`,
    '.SH OPTIONS',
    ...Object.entries(COMMON_OPTIONS).map(([name, option]) => optionOf(name, option)),
    '.SH COMMANDS',
    ...COMMANDS.map(commandOf),
    '.SH EXIT STATUS',
    ...EXIT_CODES.map(([code, meaning]) => item(code, meaning)),
    '.SH FILES',
    ...FILES.map(([path, what]) => item(path, what)),
    '.SH SEE ALSO\n.BR nginx (8),\n.BR ipset (8),\n.BR nft (8),\n.BR systemctl (1)',
  ].join('\n')}\n`;
}

if (import.meta.main) process.stdout.write(formatManPage());
