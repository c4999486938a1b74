/** Every command and option that the command line knows, for yargs. */
import yargs, { type Argv } from 'yargs';
import type { Wrap } from './command-line.ts';
import { COMMANDS } from './definitions/all.ts';
import { COMMON_OPTIONS, type CommandDefinition } from './definitions/command.ts';
import { wrongUsage } from './exit.ts';
import { explainUsage } from './usage-error.ts';

/** Lines of prose wider than this are hard to read. */
const COLUMNS_MAX = 100;
const COMMON = [...Object.keys(COMMON_OPTIONS), 'help', 'version'];

export type Parser = ReturnType<typeof createBase>;

export function createParser(words: readonly string[], version: string, wrap: Wrap): Parser {
  return COMMANDS.reduce((parser, definition) => define(parser, definition, wrap), createBase(words, version));
}

function define(parser: Parser, definition: CommandDefinition, wrap: Wrap): Parser {
  const { usage, summary, operands = {}, options = {}, examples } = definition;
  parser.command(
    usage,
    summary,
    (yargs: Argv) => {
      for (const [name, operand] of Object.entries(operands)) yargs.positional(name, operand);
      // Its own options come first.
      yargs.options(options).group(Object.keys(options), 'Options:').group(COMMON, 'Common options:');
      yargs.example(layOut(examples));
    },
    wrap(definition),
  );
  return parser;
}

/** What each does beside it, or above it as a comment where yargs, which gives half the width, would break a command. */
function layOut(examples: CommandDefinition['examples']): [string, string][] {
  const isNarrow = examples.some(([line]) => line.length > Math.floor(columnsOfHelp() / 2));
  if (!isNarrow) return examples;
  return examples.flatMap(([line, what]): [string, string][] => [
    [`# ${what}`, ''],
    [line, ''],
  ]);
}

const columnsOfHelp = (): number => Math.min(COLUMNS_MAX, process.stdout.columns || COLUMNS_MAX);

function createBase(words: readonly string[], version: string) {
  // yargs makes the help of every command that it runs, and to wrap it takes longer than to read the words.
  const columns = words.includes('--help') ? columnsOfHelp() : null;
  return yargs([...words])
    .scriptName('zban')
    .usage('$0 COMMAND [OPTIONS]\n\nLearns what traffic is normal on this web server, and bans clients that leave it.')
    .detectLocale(false)
    .parserConfiguration({ 'parse-positional-numbers': false })
    .options(COMMON_OPTIONS)
    .strict()
    .demandCommand(1, 'which command? See zban --help')
    .version('version', 'print the version', version)
    .help('help', 'print this')
    .example([
      ['zban doctor', 'does everything work, and how to fix it'],
      ['zban status', 'is it running, what has it learned'],
      ['zban list', 'who is banned'],
      ['zban explain 203.0.113.9', 'why'],
      ['zban unban 203.0.113.9', 'undo it'],
    ])
    .epilogue('zban COMMAND --help: its options and examples. All of them: man zban')
    .wrap(columns)
    .exitProcess(false)
    .updateStrings({ 'Not enough arguments following: %s': '--%s needs a value' })
    .fail((message, error) => {
      // yargs reports most wrong usage by its message alone, some as an error of its own; any other comes from a command.
      if (error !== undefined && error.name !== 'YError') throw error;
      throw wrongUsage(explainUsage(error?.message ?? message, words));
    });
}
