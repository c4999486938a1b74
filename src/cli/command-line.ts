/** Reads the words of a command line, runs the one command and turns its errors into messages and exit codes. */
import { codeOf } from '../model/coded-error.ts';
import { REASON_LENGTH_MAX } from '../model/limits.ts';
import { printable } from '../model/text.ts';
import type { Context } from './context.ts';
import type { CommandDefinition } from './definitions/command.ts';
import { CommandError, EXIT, type ExitCode, exitCodeOf, wrongUsage } from './exit.ts';
import { refuseLonger, STDIN } from './options.ts';
import type { Sink } from './output.ts';

/** Options that every command has. */
interface CommonOptions {
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Makes a yargs handler of a command. */
export type Wrap = (definition: CommandDefinition) => (options: CommonOptions) => Promise<void>;

/** Runs one command and resolves with its exit code; errors have been reported by then. */
export async function runCommandLine(
  words: readonly string[],
  version: string,
  { stdout, stderr, env }: { stdout: Sink; stderr: Sink; env: Context['env'] } = process,
): Promise<number> {
  const openOutput = async () => (await import('./output.ts')).createOutput(stdout, stderr);
  try {
    const daemon = findDaemonOptions(words);
    if (daemon) return await (await import('./commands/run.ts')).run({ configPath: daemon.config });
    const output = await openOutput();
    let exitCode: number = EXIT.done;
    const wrap: Wrap = (definition) => async (marked) => {
      refuseRepeated(marked, definition);
      const options = unmarkOperands(marked);
      refuseUnusable(options, definition);
      const { config: configPath, json = false } = options;
      exitCode = await definition.run({ output, configPath, json, env, now: Date.now }, options as never);
    };
    const { createParser } = await import('./parser.ts');
    await createParser(markOperands(spellOutStdin(spellOutHelp(words))), version, wrap).parseAsync();
    return exitCode;
  } catch (error) {
    return tell(error, (await openOutput()).talk);
  }
}

/** `run`, or `run --config FILE`, as a service says it: what is loaded to read other words would stay in the daemon's memory. */
function findDaemonOptions(words: readonly string[]): CommonOptions | undefined {
  const [command, option, config, ...rest] = words;
  if (command !== 'run' || rest.length > 0) return undefined;
  if (option === undefined) return {};
  return option === '--config' && config && !config.startsWith('-') ? { config } : undefined;
}

/** `help ban` and `ban -h`, as other programs have them. */
function spellOutHelp(words: readonly string[]): string[] {
  const [first, ...rest] = words;
  if (first === 'help') return [...rest, '--help'];
  const end = words.indexOf('--');
  return words.map((word, index) => (word === '-h' && (end < 0 || index < end) ? '--help' : word));
}

/** yargs drops a lone - from lists of words, so it is handed on as what it stands for. */
function spellOutStdin(words: readonly string[]): string[] {
  return words.map((word, index) => (word === '-' && !/^--./.test(words[index - 1] ?? '') ? STDIN : word));
}

/** In no word: the kernel ends them with it (execve(2)). */
const MARK = '\0';

/**
 * Words after `--` are no options (POSIX.1-2024, Utility Syntax Guidelines, 10). yargs keeps them from the command's
 * operands, so `--` is left out, and what looks like an option is marked until it has been read.
 */
function markOperands(words: readonly string[]): string[] {
  const end = words.indexOf('--');
  if (end < 0) return [...words];
  return [...words.slice(0, end), ...words.slice(end + 1).map((word) => (word.startsWith('-') ? MARK + word : word))];
}

/** Also as yargs quotes it. */
function unmarkText(text: string): string {
  return text.replaceAll(MARK, '').replaceAll(JSON.stringify(MARK).slice(1, -1), '');
}

function unmarkOperands<A extends object>(options: A): A {
  const unmark = (value: unknown) => (typeof value === 'string' ? value.replaceAll(MARK, '') : value);
  const entries = Object.entries(options).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(unmark) : unmark(value),
  ]);
  return Object.fromEntries(entries) as A;
}

/** An option given twice arrives as a list. */
function refuseRepeated(options: object, { operands = {} }: CommandDefinition): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Array.isArray(value) || name === '_' || operands[name]?.array) continue;
    throw wrongUsage(`--${name} may be given once`);
  }
}

/** What no command takes: a word without a character, as of `"$IP"` where it is not set, and a longer reason than the trail has room for. */
function refuseUnusable(options: object, { operands = {} }: CommandDefinition): void {
  for (const [name, value] of Object.entries(options)) {
    const operand = operands[name];
    if (name === 'reason') refuseLonger('--reason', value, REASON_LENGTH_MAX);
    else if ([value].flat().includes('')) {
      const message = operand ? `one of ${name} is empty: expected ${operand.describe}` : `--${name} needs a value`;
      throw wrongUsage(message);
    }
  }
}

function tell(error: unknown, talk: (text: string) => void): ExitCode {
  const exitCode = exitCodeOf(error);
  for (const line of unmarkText(explain(error)).split('\n')) talk(`zban: ${printable(line)}`);
  return exitCode;
}

/** Operational errors carry a code and say everything in their message; a bug needs its stack. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = error instanceof CommandError || codeOf(error) !== undefined;
  if (!expected) return error.stack ?? error.message;
  const fix = 'fix' in error ? error.fix : undefined;
  return typeof fix === 'string' ? `${error.message}; ${fix}` : error.message;
}
