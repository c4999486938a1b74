/**
 * Completion scripts for shells, made from the definitions. They hold all names themselves: starting zban for each press
 * of the Tab key would take half a second.
 */
import type { Options, PositionalOptions } from 'yargs';
import { COMMON_OPTIONS, type CommandDefinition, nameOf } from './definitions/command.ts';

type Commands = readonly CommandDefinition[];

export const COMPLETION_SCRIPTS = { bash, zsh, fish } as const;

type Completed = ReturnType<typeof optionsOf>[number];

function optionsOf({ options = {}, files = [] }: CommandDefinition) {
  const all: Readonly<Record<string, Options>> = { ...options, ...COMMON_OPTIONS };
  return Object.entries(all).map(([name, option]) => ({
    /** `--for`, or `-n`. */
    spellings: [name, ...[option.alias ?? []].flat()].map((word) => (word.length > 1 ? `--${word}` : `-${word}`)),
    describe: option.describe ?? '',
    takesValue: option.type !== 'boolean',
    isFile: name === 'config' || files.includes(name),
    choices: choicesOf(option),
  }));
}

const choicesOf = ({ choices = [] }: Options | PositionalOptions): string[] => choices.map(String);

/** What may stand where no option stands. */
function operandsOf({ operands = {}, files = [] }: CommandDefinition) {
  const entries = Object.entries(operands);
  return {
    choices: entries.flatMap(([, operand]) => choicesOf(operand)),
    isFile: entries.some(([name]) => files.includes(name)),
  };
}

function bash(commands: Commands): string {
  const cases = commands.map((definition) => {
    const { choices, isFile } = operandsOf(definition);
    const words = [...choices, ...optionsOf(definition).flatMap(({ spellings }) => spellings), '--help'];
    return `  ${nameOf(definition)}) words='${words.join(' ')}'${isFile ? ' files=yes' : ''} ;;`;
  });
  const values = commands.flatMap((definition) =>
    optionsOf(definition).flatMap(({ spellings, takesValue, isFile, choices }) =>
      takesValue && spellings[0] !== '--config'
        ? [
            `  ${spellings.map((word) => `'${nameOf(definition)} ${word}'`).join(' | ')}) words='${choices.join(' ')}' files=${isFile ? 'yes' : ''} ;;`,
          ]
        : [],
    ),
  );
  return `# Completion of zban for bash: source <(zban completion bash)
_zban() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command='' words='' files='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in
    --config) ((i++)) ;;
    -*) ;;
    *) command=\${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command in
  '') words='${commands.map(nameOf).join(' ')} --config --help' ;;
${cases.join('\n')}
  esac
  case "$command $before" in
  *' --config') words='' files=yes ;;
${values.join('\n')}
  esac
  COMPREPLY=()
  while IFS= read -r line; do COMPREPLY+=("$line"); done < <(
    compgen -W "$words" -- "$word"
    [ -z "$files" ] || compgen -f -- "$word"
  )
}
complete -o filenames -F _zban zban`;
}

function zsh(commands: Commands): string {
  const escaped = (text: string) => text.replace(/[[\]:\\]/g, '\\$&').replaceAll("'", "'\\''");
  const specOf = ({ spellings, describe, takesValue, isFile, choices }: Completed) =>
    spellings.map((word) => {
      const value = isFile ? ':file:_files' : choices.length > 0 ? `:value:(${choices.join(' ')})` : ':value: ';
      return `'${word}[${escaped(describe)}]${takesValue ? value : ''}'`;
    });
  const cases = commands.map((definition) => {
    const { choices, isFile } = operandsOf(definition);
    const operand = isFile ? ["'*:file:_files'"] : choices.length > 0 ? [`':action:(${choices.join(' ')})'`] : [];
    return `    ${nameOf(definition)}) _arguments ${[...optionsOf(definition).flatMap(specOf), ...operand].join(' ')} ;;`;
  });
  const described = commands.map((definition) => `    '${nameOf(definition)}:${escaped(definition.summary)}'`);
  return `#compdef zban
# Completion of zban for zsh: zban completion zsh > a folder of $fpath/_zban
_zban() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  local state line
  _arguments -C '--config[${escaped(COMMON_OPTIONS.config.describe)}]:file:_files' '1: :->command' '*:: :->rest'
  case $state in
  command) _describe command commands ;;
  rest)
    case $line[1] in
${cases.join('\n')}
    esac
    ;;
  esac
}
compdef _zban zban`;
}

function fish(commands: Commands): string {
  const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const optionOf = (condition: string) => (option: Completed) => {
    const { spellings, describe, takesValue, isFile, choices } = option;
    const names = spellings.map((word) => (word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`));
    const value = !takesValue
      ? ''
      : isFile
        ? ' -r -F'
        : ` -x${choices.length > 0 ? ` -a ${quoted(choices.join(' '))}` : ''}`;
    return `complete -c zban -n ${quoted(condition)} ${names.join(' ')}${value} -d ${quoted(describe)}`;
  };
  const lines = commands.flatMap((definition) => {
    const name = nameOf(definition);
    const seen = `__fish_seen_subcommand_from ${name}`;
    const { choices, isFile } = operandsOf(definition);
    return [
      `complete -c zban -n __fish_use_subcommand -a ${name} -d ${quoted(definition.summary)}`,
      ...optionsOf(definition).map(optionOf(seen)),
      ...(choices.length > 0 ? [`complete -c zban -n ${quoted(seen)} -a ${quoted(choices.join(' '))}`] : []),
      ...(isFile ? [`complete -c zban -n ${quoted(seen)} -F`] : []),
    ];
  });
  return [
    '# Completion of zban for fish: zban completion fish > ~/.config/fish/completions/zban.fish',
    'complete -c zban -f',
    ...lines,
  ].join('\n');
}
