/** Asks a person before something that is hard to mean. */
import { createInterface } from 'node:readline/promises';
import { formatPrefix, parsePrefix } from '../net/prefix.ts';
import { formatCount } from '../words/number.ts';
import { CommandError, EXIT } from './exit.ts';

/** Shortest prefixes that are banned without a question, by family: an office or a site, not a provider. */
const BITS_UNASKED = { 4: 24, 6: 48 } as const;

/** Ends the command with exit code 2 unless the person, asked on the terminal, agrees to every network that is this wide. */
export async function confirmWide(targets: readonly string[]): Promise<void> {
  const wide = targets.flatMap((target) => {
    const prefix = parsePrefix(target);
    return prefix && prefix.bits < BITS_UNASKED[prefix.family] ? [prefix] : [];
  });
  if (wide.length === 0) return;
  const isAnswerable = process.stdin.isTTY && process.stderr.isTTY;
  const lines = wide.map((prefix) => {
    const [bits, what] = prefix.family === 4 ? [32, 'addresses'] : [64, 'networks of /64'];
    return `${formatPrefix(prefix)} is ${formatCount(2 ** (bits - prefix.bits))} ${what}`;
  });
  if (!isAnswerable) throw new CommandError(EXIT.usage, `${lines.join('\n')}\nto ban that, add --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${lines.join('\n')}\nBan ${wide.length === 1 ? 'it' : 'them'}? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError(EXIT.failed, 'nothing was banned');
  } finally {
    terminal.close();
  }
}
