/** What a command is called, takes and does, as data: parser, help, completion and man page are all made from it. */
import type { InferredOptionTypes, Options, PositionalOptions } from 'yargs';
import type { Context } from '../context.ts';

interface Described<Operands, Given> {
  /** Name and operands as yargs takes them: `ban [targets..]`. */
  readonly usage: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** Names of operands and options that are files. */
  readonly files?: readonly string[];
  readonly operands?: Operands;
  readonly options?: Given;
  /** Command lines that work, and what each does. */
  readonly examples: [line: string, what: string][];
}

export type CommandOptions = Readonly<Record<string, Options>>;
export type CommandOperands = Readonly<Record<string, PositionalOptions>>;

export interface CommandDefinition extends Described<CommandOperands, CommandOptions> {
  /** Resolves with the exit code. The code behind a command is loaded only when it is called. */
  readonly run: (context: Context, options: never) => Promise<number>;
}

/** A definition whose `run` gets options of the types that it declares. */
export function command<
  const Given extends CommandOptions = Record<never, Options>,
  const Operands extends CommandOperands = Record<never, PositionalOptions>,
>(
  definition: Described<Operands, Given> & {
    readonly run: (
      context: Context,
      options: InferredOptionTypes<Given> & InferredOptionTypes<Operands>,
    ) => Promise<number>;
  },
): CommandDefinition {
  return definition;
}

/** `ban` of `ban [targets..]`. */
export const nameOf = ({ usage }: CommandDefinition): string => usage.split(' ', 1)[0] ?? usage;

/** Options of every command. */
export const COMMON_OPTIONS = {
  config: {
    type: 'string',
    requiresArg: true,
    global: true,
    describe: 'configuration file, /etc/zban/config.yaml by default',
  },
  json: { type: 'boolean', global: true, describe: 'print data as JSON' },
} as const;
