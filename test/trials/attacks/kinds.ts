/** The kinds of attacks, and the two that most others are made of: asking for what is not there, and guessing. */
import type { Random } from '../../../src/simulate/random.ts';
import { word } from '../draw.ts';
import type { Asked, Script } from '../script.ts';

export type Kind = 'scan' | 'guess' | 'inject' | 'enumerate' | 'scrape' | 'flood';

export interface Base {
  readonly kind: Kind;
  /** Makes one attacker, who is asked for the request number `count`. */
  readonly attacker: (script: Script) => (count: number) => Asked;
}

/** Files that should not be there, of as many kinds as there are scanners. */
export const PROBES: readonly ((random: Random) => string)[] = [
  (random) => `/${word(random)}/.env`,
  (random) => `/.env.${word(random)}`,
  (random) => `/${word(random)}.php`,
  (random) => `/wp-content/plugins/${word(random)}/${word(random)}.php`,
  (random) => `/${word(random)}/.git/config`,
  (random) => `/backup/${word(random)}.sql`,
  (random) => `/${word(random)}.sql.gz`,
  (random) => `/${word(random)}.php.bak`,
  (random) => `/${word(random)}/`,
  (random) => `/${word(random)}/${word(random)}/`,
  (random) => `/${word(random)}.zip`,
  (random) => `/${word(random)}/config.json`,
];
/** Names that look like files every page may miss. */
export const STATIC_PROBES: readonly ((random: Random) => string)[] = [
  (random) => `/${word(random)}.js`,
  (random) => `/static/${word(random)}.js.map`,
  (random) => `/${word(random)}.tgz`,
  (random) => `/${word(random)}.css`,
  (random) => `/old/${word(random)}.png`,
];

export const scan = (statuses: readonly number[], probes = PROBES, change: Partial<Asked> = {}): Base => ({
  kind: 'scan',
  attacker: ({ random }) => {
    // Whatever a server does not have it answers alike.
    const [status, bytes] = [random.pick(statuses), random.int(150, 9000)];
    return () => ({ path: random.pick(probes)(random), status, bytes, ...change });
  },
});
/** What editors, servers and people leave behind beside the pages that there are. */
export const COPIES = ['.bak', '~', '.old', '.zip', '.orig', '.swp', '.save', '.1', '.tar.gz', '.txt'];

/** Wrong passwords are answered alike: one status, one size. */
export const guess = (
  status: number,
  paths: (script: Script) => (count: number) => string,
  method = 'POST',
  size?: number,
): Base => ({
  kind: 'guess',
  attacker: (script) => {
    const [path, bytes] = [paths(script), size ?? script.random.int(30, 6000)];
    return (count) => ({ method, path: path(count), status, bytes });
  },
});
