/** Asks a person before something that is hard to mean. */
import { createInterface } from 'node:readline/promises';
import { formatCount } from '../english/number.ts';
import { BITS_MIN, formatPrefix, type Prefix, parsePrefix, prefixesOverlap } from '../net/prefix.ts';
import { SPECIAL_NETWORKS } from '../net/special.ts';
import { CommandError, EXIT, wrongUsage } from './exit.ts';

/** Shortest prefixes that are banned without a question, by family: an office or a site, not a provider. */
const BITS_UNASKED = { 4: 24, 6: 48 } as const;

/** Of what is refused however often somebody agrees, the daemon says why. */
function isWorthAsking(prefix: Prefix): boolean {
  const { family, bits } = prefix;
  if (bits >= BITS_UNASKED[family] || bits < BITS_MIN[family]) return false;
  return !SPECIAL_NETWORKS.some((special) => prefixesOverlap(special.prefix, prefix));
}

/** Ends the command with exit code 2 unless the person, asked on the terminal, agrees to every network that is this wide. */
export async function confirmWide(targets: readonly string[]): Promise<void> {
  const wide = targets.flatMap((target) => {
    const prefix = parsePrefix(target);
    return prefix && isWorthAsking(prefix) ? [prefix] : [];
  });
  if (wide.length === 0) return;
  const isAnswerable = process.stdin.isTTY && process.stderr.isTTY;
  const lines = wide.map((prefix) => {
    const [bits, what] = prefix.family === 4 ? [32, 'addresses'] : [64, 'networks of /64'];
    return `${formatPrefix(prefix)} is ${formatCount(2 ** (bits - prefix.bits))} ${what}`;
  });
  if (!isAnswerable) throw wrongUsage(`${lines.join('\n')}\nto ban that, add --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${lines.join('\n')}\nBan ${wide.length === 1 ? 'it' : 'them'}? [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError(EXIT.failed, 'nothing was banned');
  } finally {
    terminal.close();
  }
}
