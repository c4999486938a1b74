/** What a command is called, takes and does, as data: parser, help, completion and man page are all made from it. */
import type { InferredOptionTypes, Options, PositionalOptions } from 'yargs';
import type { Context } from '../context.ts';

interface Described<Operands, Declared> {
  /** Name and operands as yargs takes them: `ban [targets..]`. */
  readonly usage: string;
  /** One line, without a full stop. */
  readonly summary: string;
  /** Names of operands and options that are files. */
  readonly files?: readonly string[];
  readonly operands?: Operands;
  readonly options?: Declared;
  /** Command lines that work, and what each does. */
  readonly examples: [line: string, what: string][];
}

export type CommandOptions = Readonly<Record<string, Options>>;
export type CommandOperands = Readonly<Record<string, PositionalOptions>>;

export interface CommandDefinition extends Described<CommandOperands, CommandOptions> {
  /** Resolves with the exit code. The code behind a command is loaded only when it is called. */
  readonly run: (context: Context, options: never) => Promise<number>;
}

interface Taken {
  readonly operands?: CommandOperands;
  readonly options?: CommandOptions;
}

type None = Record<never, Options & PositionalOptions>;
type Inferred<T extends Taken> = InferredOptionTypes<NonNullable<T['options']> & None> &
  InferredOptionTypes<NonNullable<T['operands']> & None>;
type Optional<T> = { [Key in keyof T]-?: undefined extends T[Key] ? Key : never }[keyof T];

/** What a command is given, by the operands and options that it declares; those that may be left out may be absent. */
export type Given<T extends Taken> = Readonly<
  Omit<Inferred<T>, Optional<Inferred<T>>> & Partial<Pick<Inferred<T>, Optional<Inferred<T>>>>
>;

/** A definition whose `run` gets options of the types that it declares. */
export function command<const Declared extends CommandOptions = None, const Operands extends CommandOperands = None>(
  definition: Described<Operands, Declared> & {
    readonly run: (context: Context, options: Given<{ options: Declared; operands: Operands }>) => Promise<number>;
  },
): CommandDefinition {
  return definition;
}

/** `ban` of `ban [targets..]`. */
export const nameOf = ({ usage }: CommandDefinition): string => usage.split(' ', 1)[0] ?? usage;

/** An option with a text. */
export const TEXT = { type: 'string', requiresArg: true } as const;
export const REASON = { ...TEXT, describe: 'why, for the audit trail' } as const;

/** Options of every command. */
export const COMMON_OPTIONS = {
  config: {
    ...TEXT,
    global: true,
    describe: 'configuration file, /etc/zban/config.yaml by default',
  },
  json: { type: 'boolean', global: true, describe: 'print data as JSON' },
} as const;
