/** Every command, in the order of the help. */
import { BAN_COMMANDS } from './bans.ts';
import { type CommandDefinition, command } from './command.ts';
import { DAEMON_COMMANDS } from './daemon.ts';
import { LANE_COMMANDS } from './lanes.ts';
import { LOG_COMMANDS } from './logs.ts';
import { READING_COMMANDS } from './reading.ts';

export const COMMANDS: readonly CommandDefinition[] = [
  ...READING_COMMANDS,
  ...BAN_COMMANDS,
  ...LANE_COMMANDS,
  ...LOG_COMMANDS,
  ...DAEMON_COMMANDS,
  command({
    usage: 'completion <shell>',
    summary: 'print a script that completes commands with the Tab key',
    operands: {
      shell: { choices: ['bash', 'zsh', 'fish'] as const, demandOption: true, describe: 'the shell to print it for' },
    },
    examples: [
      ['source <(zban completion bash)', 'for this shell; put it into ~/.bashrc for all'],
      ['zban completion zsh > ~/.zfunc/_zban', 'into a folder of $fpath'],
      ['zban completion fish > ~/.config/fish/completions/zban.fish', 'fish loads it by itself'],
    ],
    run: async ({ output }, { shell }) => {
      const { COMPLETION_SCRIPTS } = await import('../completion.ts');
      output.data(COMPLETION_SCRIPTS[shell](COMMANDS));
      return 0;
    },
  }),
];
