/** Every command's name, options and help. The code behind a command is loaded only when it is called. */
import type { Argv } from 'yargs';
import { EXPORT_FORMATS, IMPORT_FORMATS } from './ban-list/format-names.ts';
import type { Wrap } from './command-line.ts';
import type { Parser } from './parser.ts';
import { SORTS } from './selection.ts';

const TARGETS = 'addresses or networks, such as 203.0.113.9, 203.0.113.0/24 or 2001:db8::/64';
const FILE = {
  type: 'string',
  requiresArg: true,
  describe: 'a list instead, - for standard input: one target a line, then how long and why if you like; # comments',
} as const;
const FOR = {
  type: 'string',
  requiresArg: true,
  describe: 'how long: 30m, 1h, 7d or permanent; the first tier of the schedule by default',
} as const;
const REASON = { type: 'string', requiresArg: true, describe: 'why, for the audit trail' } as const;

/** `run` and `check`. */
export function defineLifeCommands(parser: Parser, wrap: Wrap): Parser {
  return parser
    .command(
      'run',
      'run the daemon in the foreground',
      (yargs) => yargs,
      wrap(async (context) => (await import('./commands/run.ts')).run(context)),
    )
    .command(
      'check',
      'check the configuration and say everything that is wrong with it',
      (yargs) => yargs,
      wrap(async (context) => (await import('./commands/check.ts')).check(context)),
    )
    .command(
      'doctor',
      'look at everything zban depends on, and say what mends it',
      (yargs) => yargs,
      wrap(async (context) => (await import('./commands/doctor.ts')).doctor(context)),
    ) as Parser;
}

/** What asks the running daemon to do something. */
export function defineOperatorCommands(parser: Parser, wrap: Wrap): Parser {
  return parser
    .command(
      'ban [targets..]',
      'ban addresses or networks',
      (yargs) =>
        yargs
          .positional('targets', { type: 'string', array: true, describe: TARGETS })
          .option('file', FILE)
          .option('for', FOR)
          .option('reason', REASON),
      wrap(async (context, options) => (await import('./commands/ban.ts')).ban(context, options)),
    )
    .command(
      'unban [targets..]',
      'lift every ban that shares addresses with these, bans of wider networks and inside them included',
      (yargs) =>
        yargs
          .positional('targets', { type: 'string', array: true, describe: TARGETS })
          .option('file', FILE)
          .option('all', { type: 'boolean', describe: 'lift every ban' })
          .option('reason', REASON),
      wrap(async (context, options) => (await import('./commands/ban.ts')).unban(context, options)),
    )
    .command(
      'allow <targets..>',
      'never ban these, and lift their bans',
      (yargs) =>
        yargs
          .positional('targets', { type: 'string', array: true, demandOption: true, describe: TARGETS })
          .option('remove', { type: 'boolean', describe: 'take them out of the allowlist again' })
          .option('reason', REASON),
      wrap(async (context, options) => (await import('./commands/ban.ts')).allow(context, options)),
    )
    .command(
      'import <file>',
      'ban what a list names, such as one of zban export; bans that last longer stay as they are',
      (yargs) =>
        yargs
          .positional('file', { type: 'string', demandOption: true, describe: 'the list; - is standard input' })
          .option('format', { choices: IMPORT_FORMATS, describe: 'by default what it looks like' })
          .option('for', { ...FOR, describe: `where the list does not say it, ${FOR.describe}` })
          .option('reason', REASON),
      wrap(async (context, options) => (await import('./commands/import.ts')).importBans(context, options)),
    ) as Parser;
}

/** What stops and resumes all banning, and the two that serve zban itself. */
export function defineSwitchCommands(parser: Parser, wrap: Wrap): Parser {
  return parser
    .command(
      'panic',
      'lift every ban at once and ban nobody, until zban panic --end; also with the daemon stopped',
      (yargs) =>
        yargs
          .option('end', { type: 'boolean', describe: 'take it back: the mode of the configuration holds again' })
          .option('reason', REASON),
      wrap(async (context, options) => (await import('./commands/panic.ts')).panic(context, options)),
    )
    .command(
      'fuse <what>',
      'fuse reset: ban again at once after the fuse has tripped, instead of when its time is over',
      (yargs) => yargs.positional('what', { choices: ['reset'] as const, demandOption: true }).option('reason', REASON),
      wrap(async (context, options) => (await import('./commands/fuse.ts')).resetFuse(context, options)),
    )
    .command(
      'notify <what>',
      'notify test: send a test message to Slack',
      (yargs) => yargs.positional('what', { choices: ['test'] as const, demandOption: true }),
      wrap(async (context) => (await import('./commands/notify-test.ts')).notifyTest(context)),
    )
    .command(
      'firewall <what>',
      "firewall flush: with the daemon stopped, take zban's chain, jumps and sets out of the kernel",
      (yargs) => yargs.positional('what', { choices: ['flush'] as const, demandOption: true }),
      wrap(async (context) => (await import('./commands/firewall-flush.ts')).firewallFlush(context)),
    ) as Parser;
}

/** Filters and sorts of bans. */
function defineSelection<T>(yargs: Argv<T>) {
  const text = { type: 'string', requiresArg: true } as const;
  return yargs
    .option('tier', { ...text, describe: "only these tiers, such as 1 or 2,3; 0 is an operator's ban" })
    .option('condition', { ...text, describe: 'only these conditions, such as scan,brute_force or manual' })
    .option('network', { ...text, describe: 'only bans that share addresses with this network' })
    .option('newer-than', { ...text, alias: 'since', describe: 'only bans that began within the last 10m, 2h, 7d' })
    .option('older-than', { ...text, describe: 'only bans that began before that' })
    .option('permanent', { type: 'boolean', describe: 'only permanent ones; --no-permanent: only the others' })
    .option('sort', { choices: SORTS, describe: 'since by default' })
    .option('reverse', { type: 'boolean', describe: 'the other way round' })
    .option('limit', { ...text, describe: 'at most so many' });
}

/** What shows something. All but `status` work with the daemon stopped. */
export function defineReadingCommands(parser: Parser, wrap: Wrap): Parser {
  return parser
    .command(
      'status',
      'what the daemon is doing',
      (yargs) => yargs,
      wrap(async (context) => (await import('./commands/status.ts')).status(context)),
    )
    .command(
      'top',
      'the clients with most requests, every second until q',
      (yargs) => yargs,
      wrap(async (context) => (await import('./commands/top.ts')).top(context)),
    )
    .command(
      'list',
      'bans in force',
      (yargs) =>
        defineSelection(yargs).option('watch', {
          type: 'boolean',
          describe: 'show it anew every second, until q is pressed; into a pipe: whenever it changed',
        }),
      wrap(async (context, options) => (await import('./commands/list.ts')).list(context, options)),
    )
    .command(
      'export',
      'the bans in force as a list for zban import, or for other tools',
      (yargs) =>
        defineSelection(yargs)
          .option('format', { choices: EXPORT_FORMATS, describe: 'plain by default: addresses and networks alone' })
          .option('observed', { type: 'boolean', describe: 'would-be bans of observe mode too' }),
      wrap(async (context, options) => (await import('./commands/export.ts')).exportBans(context, options)),
    )
    .command(
      'audit [what]',
      'every decision, oldest first; audit verify: prove the trail whole',
      (yargs) =>
        yargs
          .positional('what', { choices: ['verify'] as const, describe: 'check the hash of every row' })
          .option('follow', { type: 'boolean', alias: 'f', describe: 'go on with new entries as they come' })
          .option('lines', { type: 'string', alias: 'n', requiresArg: true, describe: 'only the last N entries' })
          .option('since', { type: 'string', requiresArg: true, describe: 'only the last 1h, 7d, …' })
          .option('client', { type: 'string', requiresArg: true, describe: 'only this client' }),
      wrap(async (context, options) => (await import('./commands/audit.ts')).audit(context, options)),
    )
    .command(
      'explain <subject>',
      'why a client was banned, in plain words',
      (yargs) =>
        yargs.positional('subject', {
          type: 'string',
          demandOption: true,
          describe: 'an address, a network, or the number of an audit entry',
        }),
      wrap(async (context, options) => (await import('./commands/explain.ts')).explain(context, options)),
    )
    .command(
      'who <targets..>',
      'whose an address is: network, host name, robot; who update --file FILE: take over a new table of networks',
      (yargs) =>
        yargs
          .positional('targets', { type: 'string', array: true, demandOption: true, describe: TARGETS })
          .option('file', {
            type: 'string',
            requiresArg: true,
            describe: 'with update: a table of IPtoASN (.tsv, .tsv.gz) or a MaxMind DB file (.mmdb)',
          }),
      wrap(async (context, options) => (await import('./commands/who.ts')).who(context, options)),
    ) as Parser;
}

/** What works on logs instead of the daemon. */
export function defineLogCommands(parser: Parser, wrap: Wrap): Parser {
  return parser
    .command(
      'replay <logs..>',
      'who would have been banned by finished logs, plain or gzipped, and a report; bans nobody',
      (yargs) =>
        yargs
          .positional('logs', { type: 'string', array: true, demandOption: true, describe: 'log files' })
          .option('threads', {
            type: 'string',
            requiresArg: true,
            describe: 'parse threads; by default one less than cores',
          })
          .option('baselines', {
            type: 'boolean',
            describe: 'show every recalculated baseline too (--json always does)',
          })
          .option('all', { type: 'boolean', describe: 'cut no list of the report at the end' })
          .option('chunk-bytes', { type: 'string', requiresArg: true, describe: 'bytes read at a time' }),
      wrap(async (context, options) => (await import('./commands/replay.ts')).replayLogs(context, options)),
    )
    .command(
      'tune <logs..>',
      'what each sensitivity would have done to this site by finished logs, and which one suits it',
      (yargs) =>
        yargs
          .positional('logs', { type: 'string', array: true, demandOption: true, describe: 'log files; best of weeks' })
          .option('threads', {
            type: 'string',
            requiresArg: true,
            describe: 'parse threads; by default one less than cores',
          }),
      wrap(async (context, options) => (await import('./commands/tune.ts')).tune(context, options)),
    )
    .command(
      'simulate',
      'write the log of a made-up site under attack, for trying zban',
      (yargs) =>
        yargs
          .option('out', {
            type: 'string',
            requiresArg: true,
            demandOption: true,
            describe: 'file to write; - is standard output',
          })
          .option('live', { type: 'boolean', describe: 'append in real time until interrupted' })
          .option('site', { choices: ['shop', 'blog', 'api', 'cloud', 'mirror'] as const, describe: 'shop by default' })
          .option('format', { choices: ['json', 'combined'] as const, describe: 'json by default' })
          .option('attacks', {
            type: 'string',
            requiresArg: true,
            describe:
              'all, none, or words such as flood@12h+2m,scanner6,login:carrier*0.5 (none by default; live: all)',
          })
          .option('labels', { type: 'string', requiresArg: true, describe: 'file for who attacked and when' })
          .option('seed', { type: 'string', requiresArg: true, describe: 'another seed is another site; 1 by default' })
          .option('rate', { type: 'string', requiresArg: true, describe: 'honest requests a second; 12 by default' })
          .option('speed', {
            type: 'string',
            requiresArg: true,
            describe: 'so many days of visits in one; 1 by default',
          })
          .option('duration', { type: 'string', requiresArg: true, describe: 'a day by default; live: without end' })
          .option('backlog', {
            type: 'string',
            requiresArg: true,
            describe: 'live: write this much of the past first',
          }),
      wrap(async (context, options) => (await import('./commands/simulate.ts')).simulate(context, options)),
    ) as Parser;
}
