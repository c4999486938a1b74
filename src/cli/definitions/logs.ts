/** Commands that work on logs instead of the daemon. */
import { command, TEXT } from './command.ts';

const THREADS = { ...TEXT, describe: 'parse threads; by default one less than cores' } as const;

export const REPLAY = {
  operands: { logs: { type: 'string', array: true, demandOption: true, describe: 'log files' } },
  options: {
    threads: THREADS,
    baselines: { type: 'boolean', describe: 'show every recalculated baseline too (--json always does)' },
    all: { type: 'boolean', describe: 'show the lists of the report in full' },
    'chunk-bytes': { ...TEXT, describe: 'bytes read at a time' },
  },
} as const;

export const TUNE = {
  operands: {
    logs: { type: 'string', array: true, demandOption: true, describe: 'log files; weeks of them are best' },
  },
  options: { threads: THREADS },
} as const;

export const SIMULATE = {
  options: {
    out: { ...TEXT, demandOption: true, describe: 'file to write; - is standard output' },
    live: { type: 'boolean', describe: 'append in real time until interrupted' },
    steady: { type: 'boolean', describe: 'one load around the clock, instead of nights and days' },
    site: { choices: ['shop', 'blog', 'api', 'cloud', 'mirror'] as const, describe: 'shop by default' },
    format: { choices: ['json', 'combined'] as const, describe: 'json by default' },
    attacks: {
      ...TEXT,
      describe: 'all, none, or words such as flood@12h+2m,scanner6,login:carrier*0.5 (none by default; live: all)',
    },
    labels: { ...TEXT, describe: 'file for who attacked and when' },
    seed: { ...TEXT, describe: 'another seed is another site; 1 by default' },
    rate: { ...TEXT, describe: 'honest requests a second; 12 by default' },
    speed: { ...TEXT, describe: 'this many days of visits in one; 1 by default' },
    duration: { ...TEXT, describe: 'a day by default; live: without end' },
    backlog: { ...TEXT, describe: 'live: write this much of the past first' },
  },
} as const;

export const LOG_COMMANDS = [
  command({
    usage: 'replay <logs..>',
    summary: 'who would have been banned, from finished logs; bans nobody',
    files: ['logs'],
    ...REPLAY,
    examples: [
      ['zban replay /var/log/nginx/access.log*', 'who would have been banned last month; reads compressed logs too'],
    ],
    run: async (context, options) => (await import('../commands/replay.ts')).replayLogs(context, options),
  }),
  command({
    usage: 'tune <logs..>',
    summary: 'try every sensitivity on finished logs, and recommend one',
    files: ['logs'],
    ...TUNE,
    examples: [['zban tune /var/log/nginx/access.log*', 'recommends a line for config.yaml']],
    run: async (context, options) => (await import('../commands/tune.ts')).tune(context, options),
  }),
  command({
    usage: 'simulate',
    files: ['out', 'labels'],
    summary: 'write the log of a simulated site under attack, to try zban with',
    ...SIMULATE,
    examples: [['zban simulate --out - --duration 1h --attacks all', 'an hour of log, attacks included']],
    run: async (context, options) => (await import('../commands/simulate.ts')).simulate(context, options),
  }),
];
