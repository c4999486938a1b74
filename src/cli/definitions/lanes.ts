/** The command about lanes. */
import { command } from './command.ts';

const TEXT = { type: 'string', requiresArg: true } as const;

export const LANE_COMMANDS = [
  command({
    usage: 'lanes [action] [id]',
    summary: 'what zban stops by its looks: list; explain, drop or keep one; add one by hand, tested on the logs first',
    operands: {
      action: { choices: ['explain', 'drop', 'keep', 'add'] as const, describe: 'without it: list the open lanes' },
      id: { type: 'string', describe: 'which lane, as zban lanes shows it' },
    },
    options: {
      'user-agent': { ...TEXT, describe: 'add: exactly this user agent; - for none' },
      path: { ...TEXT, describe: 'add: this path, without its query; with * at its end all that begin so' },
      'query-keys': { ...TEXT, describe: 'add: exactly these names in the query, commas between them' },
      network: { ...TEXT, describe: 'add: clients of this network' },
      method: { ...TEXT, describe: 'add: this method, such as POST' },
      referer: { choices: ['absent', 'present'] as const, describe: 'add: with or without a referer' },
      deny: { type: 'boolean', describe: 'add: stop all of them, instead of what is above the normal rate' },
      rate: { ...TEXT, describe: 'add: requests a second that pass; by default as many as the logs show' },
      'dry-run': { type: 'boolean', describe: 'add: only show whom it would have touched' },
      force: { type: 'boolean', describe: 'add: also where it touches more than one client of a thousand' },
      for: { ...TEXT, describe: 'add, keep: how long, at most 30d; by default 1h for add, 1d for keep' },
      reason: { ...TEXT, describe: 'why, for the audit trail' },
    },
    examples: [
      ['zban lanes', 'which lanes are open'],
      ['zban lanes add --user-agent "BadBot/1.0" --dry-run', 'whom would that have touched?'],
    ],
    run: async (context, options) => (await import('../commands/lanes.ts')).lanes(context, options),
  }),
];
