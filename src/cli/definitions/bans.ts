/** Commands that change who is banned or allowed. */
import { IMPORT_FORMATS } from '../ban-list/format-names.ts';
import { command, REASON, TEXT } from './command.ts';

const TARGETS = 'addresses or networks, such as 203.0.113.9, 203.0.113.0/24 or 2001:db8::/64';
const FILE = {
  ...TEXT,
  describe: 'a list instead, - for standard input: one target a line, optionally with duration and reason; # comments',
} as const;
const FOR = {
  ...TEXT,
  describe: 'how long: 30m, 1h, 7d or permanent; the first tier of the schedule by default',
} as const;

export const BAN = {
  operands: { targets: { type: 'string', array: true, describe: TARGETS } },
  options: {
    file: FILE,
    for: FOR,
    reason: REASON,
    yes: { type: 'boolean', alias: 'y', describe: 'do not ask before a network wider than /24, or /48 of IPv6' },
  },
} as const;

export const UNBAN = {
  operands: { targets: { type: 'string', array: true, describe: TARGETS } },
  options: { file: FILE, all: { type: 'boolean', describe: 'lift every ban' }, reason: REASON },
} as const;

export const ALLOW = {
  operands: { targets: { type: 'string', array: true, describe: `${TARGETS}, or host names` } },
  options: {
    remove: { type: 'boolean', describe: 'remove them from the allowlist' },
    reason: REASON,
  },
} as const;

export const IMPORT = {
  operands: { file: { type: 'string', demandOption: true, describe: 'the list; - is standard input' } },
  options: {
    format: { choices: IMPORT_FORMATS, describe: 'detected by default' },
    for: { ...FOR, describe: `if the list does not say ${FOR.describe}` },
    reason: REASON,
  },
} as const;

export const BAN_COMMANDS = [
  command({
    usage: 'ban [targets..]',
    summary: 'ban addresses or networks',
    ...BAN,
    files: ['file'],
    examples: [
      ['zban ban 203.0.113.9 --for 2h --reason "scrapes prices"', 'one address for two hours'],
      ['zban ban 198.51.100.0/24 --for permanent', 'a network, until it is unbanned'],
      ['zban ban --file LIST --for 7d', 'a list, one target a line'],
    ],
    run: async (context, options) => (await import('../commands/ban.ts')).ban(context, options),
  }),
  command({
    usage: 'unban [targets..]',
    summary: 'lift every ban that shares addresses with these',
    ...UNBAN,
    files: ['file'],
    examples: [
      ['zban unban 203.0.113.9', 'also bans of its network; works with the daemon stopped'],
      ['zban unban --all', 'every ban'],
    ],
    run: async (context, options) => (await import('../commands/ban.ts')).unban(context, options),
  }),
  command({
    usage: 'allow [targets..]',
    summary: 'never ban these, and lift their bans; without targets, list them',
    ...ALLOW,
    examples: [
      ['zban allow', 'who is never banned, since when, by whom and why'],
      ['zban allow 203.0.113.9 --reason "our office"', 'never ban this address'],
      ['zban allow 203.0.113.9 --remove', 'zban may ban it again'],
    ],
    run: async (context, options) => (await import('../commands/ban.ts')).allow(context, options),
  }),
  command({
    usage: 'import <file>',
    summary: 'ban what a list names, except where a longer ban is in force',
    files: ['file'],
    ...IMPORT,
    examples: [['zban import LIST --for 7d', 'recognizes lists of zban export, CrowdSec and fail2ban']],
    run: async (context, options) => (await import('../commands/import.ts')).importBans(context, options),
  }),
];
