/** What attackers do, one request at a time, whatever their disguise. */
import type { Random } from '../../../src/simulate/random.ts';
import { word } from '../draw.ts';
import type { Asked, Script } from '../script.ts';
import { CLIMB, inject, SPELT } from './injections.ts';
import { type Base, COPIES, guess, PROBES, STATIC_PROBES, scan } from './kinds.ts';

const login =
  ({ site }: Script) =>
  (): string =>
    site.login;
/** A path that no word list of log-in pages has. */
const enter = (): (() => string) => () => '/account/enter';
const inTurn =
  (...others: string[]) =>
  ({ random, site }: Script) => {
    const paths = [site.login, random.pick(others)];
    return (count: number): string => paths[count % 2] as string;
  };

/** The same page to the application, another path to a reader of logs. */
function spell(path: string, random: Random): string {
  const spellings = [
    () => path,
    () => `/${path}`,
    () => `/.${path}`,
    () => `${path}/${word(random, 2)}`,
    () => `${path}?${word(random, 1)}=${random.int(1, 99)}`,
    () => path.replace(/[a-z](?=[a-z.]*$)/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
    () => path.replace('/', `/${word(random, 1)}/../`),
  ];
  return random.pick(spellings)();
}

type Step = (random: Random, from: number, count: number) => number;
const UP: Step = (_random, from, count) => from + count;
const DOWN: Step = (_random, from, count) => from - count;
const ANYWHERE: Step = (random) => random.int(1, 99_999);

/** One record after the other, by its number. */
function enumerate(status: number, step = UP, before = '/user/'): Base {
  return {
    kind: 'enumerate',
    attacker: ({ random }) => {
      const from = random.int(20_000, 50_000);
      return (count) => ({
        path: `${before}${step(random, from, count)}`,
        status,
        bytes: status === 200 ? random.int(4000, 6000) : 560,
      });
    },
  };
}

/** Vouchers, keys and the like: words in the query of one path. */
const tryCodes = (status: number, name: string): Base => ({
  kind: 'enumerate',
  attacker:
    ({ random }) =>
    () => ({ path: `/api/${name}?${name}=${word(random, 4)}${random.int(0, 99)}`, status, bytes: 96 }),
});

function scrape(change: Partial<Asked> = {}): Base {
  return {
    kind: 'scrape',
    attacker: ({ random, site }) => {
      const page = (): Asked => {
        if (random.chance(0.5)) return random.pick(site.rarePages);
        return { path: `/archive/${word(random, 4)}`, bytes: random.int(4000, 60_000) };
      };
      return () => ({ ...page(), ...change });
    },
  };
}

const flood = (ask: (script: Script) => Asked): Base => ({ kind: 'flood', attacker: (script) => () => ask(script) });

export const BASES = {
  'scan 404': scan([404, 404, 404, 410]),
  'scan 302': scan([301, 302, 302, 303, 307]),
  'scan 403': scan([403, 403, 400]),
  /** Everything is answered by the home page. */
  'soft 404': scan([200]),
  'scan for static names': scan([404], STATIC_PROBES),
  'scan 499': scan([499]),
  'scan 503': scan([503]),
  'scan 206': scan([206]),
  /** The page that says so repeats what was asked for. */
  'soft 404 of various sizes': {
    kind: 'scan',
    attacker: ({ random }) => {
      const bytes = random.int(150, 9000);
      return () => {
        const path = random.pick(PROBES)(random);
        return { path, status: 200, bytes: bytes + 2 * path.length };
      };
    },
  },
  'scan by HEAD 404': scan([404], PROBES, { method: 'HEAD', bytes: 0 }),
  'scan by POST 405': scan([405], PROBES, { method: 'POST' }),
  'scan 429': scan([429]),
  'plug-ins by their icons': scan([404], [(random) => `/wp-content/plugins/${word(random)}/icon.png`]),
  'copies of pages': {
    kind: 'scan',
    attacker:
      ({ random, site }) =>
      () => ({ path: random.pick(site.pages).path + random.pick(COPIES), status: 404, bytes: 552 }),
  },
  /** Whatever answers there, it does not have it. */
  'scan answered variously': {
    kind: 'scan',
    attacker:
      ({ random }) =>
      () => ({
        path: random.pick(PROBES)(random),
        status: random.pick([404, 403, 301, 500, 400]),
        bytes: random.int(150, 900),
      }),
  },
  /** A site that moved to another name: every path is there, and then it is not. */
  'scan 301, then 404': {
    kind: 'scan',
    attacker: ({ random }) => {
      let path = '';
      return (count) => {
        if (count % 2 === 0) path = random.pick(PROBES)(random);
        return { path: count % 2 === 0 ? path : `/www${path}`, status: count % 2 === 0 ? 301 : 404, bytes: 170 };
      };
    },
  },
  'soft 404 in the query': scan([200], [(random) => `/?file=${word(random)}.bak`]),
  'log-in 200': guess(200, login),
  'log-in 302': guess(302, login),
  'log-in 401': guess(401, login),
  'log-in 403': guess(403, login),
  'unknown log-in path': guess(200, enter),
  /** As short as a receipt, and says that the password is wrong. */
  'unknown log-in path, 64 bytes': guess(200, enter, 'POST', 64),
  'basic authentication': guess(
    401,
    ({ random }) => {
      const path = random.pick(['/manage/', '/private/', '/status/']);
      return () => path;
    },
    'GET',
  ),
  'password in the query': guess(
    200,
    ({ random, site }) => {
      return () => `${site.login}?user=${random.pick(['admin', 'root'])}&pass=${word(random)}${random.int(0, 99)}`;
    },
    'GET',
  ),
  'two log-ins in turn': guess(200, inTurn('/xmlrpc.php', '/user/login', '/admin/signin')),
  'log-in spelled // in turn': guess(
    200,
    ({ site }) =>
      (count) =>
        count % 2 ? `/${site.login}` : site.login,
  ),
  'log-in spelled differently': guess(
    200,
    ({ random, site }) =>
      () =>
        spell(site.login, random),
  ),
  'log-in of an API': guess(401, () => () => '/api/v1/session'),
  'log-in by PUT': guess(200, login, 'PUT'),
  'log-in by PUT 401': guess(401, login, 'PUT'),
  'log-in by PATCH 403': guess(403, () => () => '/api/v1/session', 'PATCH'),
  /** An account each: no such account, a wrong password, locked. */
  'stolen passwords at an API': {
    kind: 'guess',
    attacker: ({ random }) => {
      const sizes = [random.int(30, 60), random.int(80, 110), random.int(140, 200)];
      return () => ({ method: 'POST', path: '/api/v2/enter', bytes: random.pick(sizes) });
    },
  },
  'log-in below a name for each account': guess(
    200,
    ({ random }) =>
      () =>
        `/api/people/${word(random)}/enter`,
  ),
  'basic authentication of each path below': guess(
    401,
    ({ random }) =>
      () =>
        `/private/${word(random)}`,
    'GET',
  ),
  'log-in with a query of its own, 401': guess(
    401,
    ({ random }) =>
      () =>
        `/enter?u=${word(random)}&k=${random.hex(8)}`,
    'GET',
  ),
  'codes to reset a password': guess(
    404,
    ({ random }) =>
      () =>
        `/reset/${random.hex(8)}`,
    'PUT',
  ),
  'XML-RPC 403': guess(403, () => () => '/xmlrpc.php'),
  'log-in 422': guess(422, () => () => '/api/v2/enter'),
  'log-in over XML-RPC': guess(200, () => () => '/xmlrpc.php'),
  'log-in through GraphQL': guess(200, () => () => '/graphql'),
  'token refused': guess(400, () => () => '/oauth/token'),
  'unknown log-in path 302': guess(302, enter),
  'unknown log-in path;parameter': guess(
    200,
    ({ random }) =>
      () =>
        `/account/enter;${word(random, 2)}=${word(random, 1)}`,
  ),
  'absolute URL of a log-in': guess(
    200,
    ({ site, random }) =>
      () =>
        `http://${word(random, 2)}.${site.host}${site.login}`,
  ),
  'ways up in a query': CLIMB,
  'SQL injection': inject(0),
  'SQL injection, half fails': inject(0.5),
  'code in other spellings': inject(0, (number, random) => random.pick(SPELT)(number)),
  'users by number': enumerate(200),
  'users by number 404': enumerate(404),
  'users by number, downwards': enumerate(200, DOWN),
  'users by number, in any order': enumerate(200, ANYWHERE),
  'authors by number 301': enumerate(301, UP, '/?author='),
  'records where others read': {
    kind: 'enumerate',
    attacker: ({ random, site }) => {
      const [page, from] = [random.pick(site.pages.slice(0, 5)), random.int(2000, 9000)];
      return (count) => ({ path: `${page.path}?id=${from + count}`, bytes: random.int(4000, 60_000) });
    },
  },
  'codes 404': tryCodes(404, 'coupon'),
  'codes 403': tryCodes(403, 'api_key'),
  scrape: scrape(),
  'scrape by PATCH': scrape({ method: 'PATCH' }),
  'scrape 206': scrape({ status: 206 }),
  'home page': flood(({ site }) => site.home),
  'home page?random': flood(({ random, site }) => ({ ...site.home, path: `/?v=${random.hex(8)}` })),
  search: flood(({ random }) => ({ path: `/search?q=${word(random)}`, bytes: random.int(3000, 20_000) })),
  'popular pages in any order': flood(({ random, site }) => random.pick(site.pages)),
  /** The application answers whatever is asked for below the path. */
  'dynamic path named .css': flood(({ random, site }) => ({
    ...site.home,
    path: `${random.pick(site.pages).path}/${word(random)}.css`,
  })),
  'people by name': {
    kind: 'enumerate',
    attacker:
      ({ random }) =>
      () => ({ path: `/api/people/${word(random, 4)}`, bytes: random.int(300, 3000) }),
  },
  'style sheet?random': flood(({ random, site }) => ({
    ...random.pick(site.files.slice(0, 3)),
    path: `${site.files[0]?.path}?${random.hex(8)}`,
  })),
  HEAD: flood(() => ({ method: 'HEAD', path: '/', bytes: 0 })),
  OPTIONS: flood(() => ({ method: 'OPTIONS', path: '/', status: 204, bytes: 0 })),
  'PUT refused': flood(({ random }) => ({ method: 'PUT', path: `/${word(random)}.txt`, status: 405, bytes: 552 })),
} as const satisfies Record<string, Base>;
export type BaseName = keyof typeof BASES;
