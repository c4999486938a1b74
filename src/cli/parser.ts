/** Every command and option that the command line knows, for yargs. */
import yargs from 'yargs';
import type { Wrap } from './command-line.ts';
import {
  defineLifeCommands,
  defineLogCommands,
  defineOperatorCommands,
  defineReadingCommands,
  defineSwitchCommands,
} from './definitions.ts';
import { CommandError, EXIT } from './exit.ts';

export type Parser = ReturnType<typeof createBase>;

export function createParser(words: readonly string[], version: string, wrap: Wrap): Parser {
  const parts = [
    defineLifeCommands,
    defineOperatorCommands,
    defineSwitchCommands,
    defineReadingCommands,
    defineLogCommands,
  ];
  return parts.reduce((parser, define) => define(parser, wrap), createBase(words, version));
}

function createBase(words: readonly string[], version: string) {
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
    .updateStrings({ 'Not enough arguments following: %s': '--%s needs a value' })
    .fail((message, error) => {
      // yargs reports most wrong usage by its message alone, some as an error of its own; any other comes from a command.
      if (error !== undefined && error.name !== 'YError') throw error;
      throw new CommandError(EXIT.usage, error?.message ?? message);
    });
}
