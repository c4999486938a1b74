/** Commands that show something. All but `status` and `top` work with the daemon stopped. */
import { EXPORT_FORMATS } from '../ban-list/format-names.ts';
import { command, TEXT } from './command.ts';

/** What bans can be sorted by; `since` is the order they come in. */
export const SORTS = ['since', 'until', 'tier', 'client', 'condition', 'by', 'reason'] as const;

/** Filters and sorts of bans. */
export const SELECTION = {
  tier: { ...TEXT, describe: "only these tiers, such as 1 or 2,3; 0 is an operator's ban" },
  condition: { ...TEXT, describe: 'only these conditions, such as scan,brute_force or manual' },
  network: { ...TEXT, describe: 'only bans that share addresses with this network' },
  'newer-than': { ...TEXT, alias: 'since', describe: 'only bans that began within the last 10m, 2h, 7d' },
  'older-than': { ...TEXT, describe: 'only bans that began before that' },
  permanent: { type: 'boolean', describe: 'only permanent bans; --no-permanent: only the others' },
  sort: { choices: SORTS, describe: 'since by default' },
  reverse: { type: 'boolean', describe: 'in reverse order' },
  limit: { ...TEXT, describe: 'at most this many' },
} as const;

export const LIST = {
  options: {
    ...SELECTION,
    watch: {
      type: 'boolean',
      describe: 'refresh every second until q is pressed; in a pipe, print the list when it changes',
    },
  },
} as const;

export const EXPORT = {
  options: {
    ...SELECTION,
    format: { choices: EXPORT_FORMATS, describe: 'plain by default: addresses and networks alone' },
    observed: { type: 'boolean', describe: 'include the would-be bans of observe mode' },
  },
} as const;

export const AUDIT = {
  operands: { action: { choices: ['verify'] as const, describe: 'check the hash of every row' } },
  options: {
    follow: { type: 'boolean', alias: 'f', describe: 'keep printing new entries' },
    lines: { ...TEXT, alias: 'n', describe: 'only the last N entries' },
    since: { ...TEXT, describe: 'only the last 1h, 7d, …' },
    client: { ...TEXT, describe: 'only this client' },
  },
} as const;

export const WHO = {
  operands: {
    targets: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'addresses or networks, such as 203.0.113.9, 203.0.113.0/24 or 2001:db8::/64',
    },
  },
  options: {
    file: { ...TEXT, describe: 'with update: a table of IPtoASN (.tsv, .tsv.gz) or a MaxMind DB file (.mmdb)' },
  },
} as const;

export const EXPLAIN = {
  operands: {
    subject: {
      type: 'string',
      demandOption: true,
      describe: 'an address, a network, or the number of an audit entry',
    },
  },
} as const;

export const READING_COMMANDS = [
  command({
    usage: 'status',
    summary: 'what the daemon is doing',
    examples: [['zban status --json', 'for scripts']],
    run: async (context) => (await import('../commands/status.ts')).status(context),
  }),
  command({
    usage: 'top',
    summary: 'live: who is near a limit, who is banned, how busy the site is',
    examples: [['zban top', '↑↓ selects; b bans, u unbans, a allows, e explains, / filters, s sorts, q quits']],
    run: async (context) => (await import('../commands/top.ts')).top(context),
  }),
  command({
    usage: 'list',
    summary: 'bans in force',
    ...LIST,
    examples: [
      ['zban list --condition scan --newer-than 1h', 'who was banned for probing within the last hour'],
      ['zban list --watch --sort until', 'live, the next to be released first'],
    ],
    run: async (context, options) => (await import('../commands/list.ts')).list(context, options),
  }),
  command({
    usage: 'export',
    summary: 'write the bans in force as a list, for zban import or other tools',
    ...EXPORT,
    examples: [['zban export --format json > LIST', 'then zban import LIST on another host']],
    run: async (context, options) => (await import('../commands/export.ts')).exportBans(context, options),
  }),
  command({
    usage: 'audit [action]',
    summary: 'every decision, oldest first; audit verify: is the trail intact?',
    ...AUDIT,
    examples: [
      ['zban audit --follow', 'decisions as they are made'],
      ['zban audit --client 203.0.113.9 --since 7d', 'one client, one week'],
      ['zban audit verify', 'was the trail tampered with?'],
    ],
    run: async (context, options) => (await import('../commands/audit.ts')).audit(context, options),
  }),
  command({
    usage: 'explain <subject>',
    summary: 'why a client was banned, in plain words',
    ...EXPLAIN,
    examples: [['zban explain 203.0.113.9', 'what was normal, what it did, what happens next, how to undo it']],
    run: async (context, options) => (await import('../commands/explain.ts')).explain(context, options),
  }),
  command({
    usage: 'who <targets..>',
    summary: 'who is behind an address: network, host name, robot',
    files: ['file'],
    ...WHO,
    examples: [
      ['zban who 203.0.113.9 198.51.100.7', 'one line for each address'],
      ['zban who update --file FILE', 'install a table of networks'],
    ],
    run: async (context, options) => (await import('../commands/who.ts')).who(context, options),
  }),
];
