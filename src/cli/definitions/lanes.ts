/** The command about lanes. */
import { command, TEXT } from './command.ts';

export const LANES = {
  operands: {
    action: { choices: ['explain', 'drop', 'keep', 'add'] as const, describe: 'without it: list the open lanes' },
    id: { type: 'string', describe: 'which lane, as zban lanes shows it' },
  },
  options: {
    'user-agent': { ...TEXT, describe: 'add: exactly this user agent; - for none' },
    path: { ...TEXT, describe: 'add: this path, without its query; a * at its end matches whatever follows' },
    'query-keys': { ...TEXT, describe: 'add: exactly these names in the query, separated by commas' },
    network: { ...TEXT, describe: 'add: clients of this network' },
    method: { ...TEXT, describe: 'add: this method, such as POST' },
    referer: { choices: ['absent', 'present'] as const, describe: 'add: with or without a referer' },
    deny: { type: 'boolean', describe: 'add: stop all of them, instead of what is above the normal rate' },
    rate: { ...TEXT, describe: 'add: requests a second that pass; by default as many as the logs show' },
    'dry-run': { type: 'boolean', describe: 'add: only say who would have been affected' },
    force: { type: 'boolean', describe: 'add: also where it affects more than one client in a thousand' },
    for: { ...TEXT, describe: 'add, keep: how long, at most 30d; by default 1h for add, 1d for keep' },
    reason: { ...TEXT, describe: 'why, for the audit trail' },
  },
} as const;

export const LANE_COMMANDS = [
  command({
    usage: 'lanes [action] [id]',
    summary: 'lanes, which stop requests in nginx by what they look like',
    ...LANES,
    examples: [
      ['zban lanes', 'which lanes are open'],
      ['zban lanes add --user-agent "BadBot/1.0" --dry-run', 'who would have been affected?'],
    ],
    run: async (context, options) => (await import('../commands/lanes.ts')).lanes(context, options),
  }),
];
