/** Reads the words of a command line, runs the one command and turns its errors into messages and exit codes. */
import type { Context } from './context.ts';
import { CommandError, EXIT, type ExitCode, exitCodeOf } from './exit.ts';
import { STDIN } from './options.ts';
import { createOutput } from './output.ts';
import { printable } from './text.ts';

/** Options that every command has. */
interface CommonOptions {
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Makes a yargs handler of a command's function. */
export type Wrap = <A extends CommonOptions>(
  run: (context: Context, options: A) => Promise<number>,
) => (options: A) => Promise<void>;

/** Runs one command and resolves with its exit code; errors have been told by then. */
export async function runCommandLine(words: readonly string[], version: string): Promise<number> {
  const output = createOutput(process.stdout, process.stderr);
  let exitCode: number = EXIT.done;
  const contextOf = ({ config: configPath, json = false }: CommonOptions): Context => {
    return { output, configPath, json, env: process.env, now: Date.now };
  };
  const wrap: Wrap = (run) => async (options) => {
    refuseRepeated(options);
    exitCode = await run(contextOf(options), options);
  };
  try {
    const daemon = findDaemonOptions(words);
    if (daemon) return await (await import('./commands/run.ts')).run(contextOf(daemon));
    const { createParser } = await import('./parser.ts');
    await createParser(spellOutStdin(words), version, wrap).parseAsync();
    return exitCode;
  } catch (error) {
    return tell(error, output.talk);
  }
}

/** `run`, or `run --config FILE`, as a service says it: what is loaded to read other words would stay in the daemon's memory. */
function findDaemonOptions(words: readonly string[]): CommonOptions | undefined {
  const [command, option, config, ...rest] = words;
  if (command !== 'run' || rest.length > 0) return undefined;
  if (option === undefined) return {};
  return option === '--config' && config && !config.startsWith('-') ? { config } : undefined;
}

/** yargs drops a lone - from lists of words, so it is handed on as what it stands for. */
function spellOutStdin(words: readonly string[]): string[] {
  return words.map((word, index) => (word === '-' && !words[index - 1]?.startsWith('--') ? STDIN : word));
}

const LISTS: readonly string[] = ['_', 'targets', 'logs'];

/** An option given twice arrives as a list. */
function refuseRepeated(options: object): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Array.isArray(value) || LISTS.includes(name)) continue;
    throw new CommandError(EXIT.usage, `--${name} may be given once`);
  }
}

function tell(error: unknown, talk: (text: string) => void): ExitCode {
  const exitCode = exitCodeOf(error);
  for (const line of messageOf(error).split('\n')) talk(`zban: ${printable(line)}`);
  return exitCode;
}

/** Operational errors carry a code and say everything in their message; a bug needs its stack. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const expected = error instanceof CommandError || typeof (error as { code?: unknown }).code === 'string';
  if (!expected) return error.stack ?? error.message;
  const { mend } = error as { mend?: unknown };
  return typeof mend === 'string' ? `${error.message}; ${mend}` : error.message;
}
