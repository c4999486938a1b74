/** Commands about zban itself. */
import { ANNOTATION_LENGTH_MAX } from '../../model/limits.ts';
import { command, REASON } from './command.ts';

export const PANIC = {
  options: {
    end: { type: 'boolean', describe: 'end the panic: the mode of the configuration applies again' },
    reason: REASON,
  },
} as const;

export const FUSE = {
  operands: { action: { choices: ['reset'] as const, demandOption: true, describe: 'what to do with the fuse' } },
  options: { reason: REASON },
} as const;

export const FLEET = {
  operands: { action: { choices: ['status', 'leave'] as const, demandOption: true, describe: 'what to do' } },
} as const;

export const NOTIFY = {
  operands: {
    action: { choices: ['test'] as const, demandOption: true, describe: 'what to send' },
    channel: { type: 'string', describe: 'name of a channel: slack, email, or that of a webhook' },
  },
} as const;

export const ANNOTATE = {
  operands: {
    text: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: `what happened, at most ${ANNOTATION_LENGTH_MAX} characters`,
    },
  },
} as const;

export const DAEMON_COMMANDS = [
  command({
    usage: 'run',
    summary: 'run the daemon in the foreground',
    examples: [['zban run --config ./config.yaml', 'with a configuration of your own']],
    run: async (context) => (await import('../commands/run.ts')).run(context),
  }),
  command({
    usage: 'check',
    summary: 'check the configuration and report every problem at once',
    examples: [['zban check', 'before systemctl reload zban']],
    run: async (context) => (await import('../commands/check.ts')).check(context),
  }),
  command({
    usage: 'doctor',
    summary: 'check everything zban depends on, and say how to fix it',
    examples: [['sudo zban doctor', 'is zban able to protect this host?']],
    run: async (context) => (await import('../commands/doctor.ts')).doctor(context),
  }),
  command({
    usage: 'panic',
    summary: 'lift every ban at once and ban nobody until zban panic --end',
    ...PANIC,
    examples: [
      ['zban panic --reason "customers locked out"', 'works with the daemon stopped, too'],
      ['zban panic --end', 'zban may ban again'],
    ],
    run: async (context, options) => (await import('../commands/panic.ts')).panic(context, options),
  }),
  command({
    usage: 'fuse <action>',
    summary: 'fuse reset: ban as usual again after the fuse tripped',
    ...FUSE,
    examples: [['zban fuse reset', 'before its time is up']],
    run: async (context, options) => (await import('../commands/fuse.ts')).resetFuse(context, options),
  }),
  command({
    usage: 'fleet <action>',
    summary: 'fleet status: hosts that share bans; fleet leave: leave them',
    ...FLEET,
    examples: [
      ['zban fleet status', 'who is there, who lags, and what it costs'],
      ['sudo zban fleet leave', 'before this host is taken out of service'],
    ],
    run: async (context, options) => (await import('../commands/fleet.ts')).fleet(context, options),
  }),
  command({
    usage: 'notify <action> [channel]',
    summary: 'notify test: send a test message through one channel, or all',
    ...NOTIFY,
    examples: [
      ['zban notify test', 'does every channel work?'],
      ['zban notify test slack', 'only Slack'],
    ],
    run: async (context, options) => (await import('../commands/notify-test.ts')).notifyTest(context, options),
  }),
  command({
    usage: 'annotate <text..>',
    summary: 'note an event, such as a deploy, for charts and messages',
    ...ANNOTATE,
    examples: [['zban annotate "deploy 1.4.2"', 'at the end of a deploy script']],
    run: async (context, options) => (await import('../commands/annotate.ts')).annotate(context, options),
  }),
  command({
    usage: 'firewall <action>',
    summary: "firewall flush: remove zban's rules and sets from the kernel",
    operands: { action: { choices: ['flush'] as const, demandOption: true, describe: 'what to do' } },
    examples: [['sudo zban firewall flush', 'after systemctl stop zban']],
    run: async (context) => (await import('../commands/firewall-flush.ts')).firewallFlush(context),
  }),
  command({
    usage: 'version',
    summary: 'print the version',
    examples: [['zban version --json', 'also that of Node.js']],
    run: async (context) => (await import('../commands/version.ts')).version(context),
  }),
];
