/** Reads the words of a command line, runs the one command and turns its errors into messages and exit codes. */
import yargs from 'yargs';
import type { Context } from './context.ts';
import { defineLifeCommands, defineLogCommands, defineOperatorCommands, defineReadingCommands } from './definitions.ts';
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
  const wrap: Wrap = (run) => async (options) => {
    refuseRepeated(options);
    const { config: configPath, json = false } = options;
    exitCode = await run({ output, configPath, json, env: process.env, now: Date.now }, options);
  };
  try {
    const base = createParser(spellOutStdin(words), version);
    const parser = defineLogCommands(
      defineReadingCommands(defineOperatorCommands(defineLifeCommands(base, wrap), wrap), wrap),
      wrap,
    );
    await parser.parseAsync();
    return exitCode;
  } catch (error) {
    return tell(error, output.talk);
  }
}

export type Parser = ReturnType<typeof createParser>;

function createParser(words: readonly string[], version: string) {
  return yargs([...words])
    .scriptName('zban')
    .usage('$0 COMMAND [OPTIONS]\n\nBans the addresses that leave the normal traffic of this web server.')
    .detectLocale(false)
    .parserConfiguration({ 'parse-positional-numbers': false })
    .option('config', {
      type: 'string',
      requiresArg: true,
      global: true,
      describe: 'configuration file, /etc/zban/config.yaml by default',
    })
    .option('json', { type: 'boolean', global: true, describe: 'print data as JSON' })
    .strict()
    .recommendCommands()
    .demandCommand(1, 'which command? See zban --help')
    .version(version)
    .help()
    .wrap(100)
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new CommandError(EXIT.usage, message);
    });
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
