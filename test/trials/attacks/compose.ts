/** One attacker, in a disguise: what it does, how fast, and what it hides behind. */
import { around, shuffle, word } from '../draw.ts';
import { type Asked, MINUTE, Script } from '../script.ts';
import type { Need, Trial } from '../trial.ts';
import { BASES, type BaseName } from './bases.ts';
import type { Kind } from './kinds.ts';

/** What one address may send before an operator calls it too late. */
const BUDGETS: Readonly<Record<Kind, number>> = {
  ...{ scan: 30, guess: 20, inject: 60, enumerate: 200, scrape: 200, flood: 1500 },
};
/** The same where it hides between harmless requests. */
const HIDDEN_BUDGETS: Readonly<Record<Kind, number>> = { ...BUDGETS, scan: 60, guess: 30, scrape: 400 };
const SLOW_BUDGET = 60;
/** Of a flood, whatever comes in so many seconds. */
const FLOOD_S = 5;
/** Nobody is kept from anything any more: the attacker gives up after so long, or so many requests. */
const [LASTS_S, SLOW_LASTS_S, REQUESTS_MAX] = [20 * MINUTE, 120 * MINUTE, 6000];

const TOOLS = [
  'python-requests/2.31.0',
  'curl/8.5.0',
  'Go-http-client/1.1',
  '',
  'Wget/1.21.4',
  'Mozilla/5.0 zgrab/0.x',
];
export const GOOGLEBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';

interface Disguise {
  readonly agent?: 'tool' | 'robot' | 'changing';
  readonly referer?: 'own' | 'foreign';
  /** Harmless requests beside each attack request. */
  readonly beside?: { readonly what: 'files' | 'home' | 'pages'; readonly per: number };
  readonly before?: 'robots.txt' | 'files' | 'changes' | 'visit';
  /** One request in about so many seconds, whatever the usual rate. */
  readonly everyS?: number;
}

const DISGUISES = {
  plain: { agent: 'tool' },
  browser: {},
  referer: { referer: 'own' },
  'foreign referer': { referer: 'foreign' },
  '1 file': { referer: 'own', beside: { what: 'files', per: 1 } },
  '3 files': { referer: 'own', beside: { what: 'files', per: 3 } },
  '10 files': { referer: 'own', beside: { what: 'files', per: 10 } },
  '1 home page': { beside: { what: 'home', per: 1 } },
  '2 home pages': { beside: { what: 'home', per: 2 } },
  '4 home pages': { beside: { what: 'home', per: 4 } },
  '2 pages': { referer: 'own', beside: { what: 'pages', per: 2 } },
  'calls itself Googlebot': { agent: 'robot' },
  'reads robots.txt': { before: 'robots.txt' },
  'changing agents': { agent: 'changing' },
  '8 files first': { referer: 'own', before: 'files' },
  '8 files and 8 PUTs first': { referer: 'own', before: 'changes' },
  '40 minutes of browsing first': { referer: 'own', before: 'visit' },
  'every 5 s': { everyS: 5 },
  'every 10 s': { everyS: 10 },
  /** Below the leak of every level that zban 0.1 had. */
  'every 12 s': { agent: 'tool', everyS: 12 },
  'every 20 s': { everyS: 20 },
} as const satisfies Record<string, Disguise>;
export type DisguiseName = keyof typeof DISGUISES;

/** A base at about `rateRps` requests a second in each of the disguises. */
export function disguised(base: BaseName, rateRps: number, ...names: readonly DisguiseName[]): Trial[] {
  return names.map((name) => {
    const disguise: Disguise = DISGUISES[name];
    const rate = disguise.everyS ? '' : `, ${rateRps}/s`;
    return {
      level: 'attack',
      name: `${base}${rate}, ${name}`,
      needs: needsOf(disguise),
      play: (site, random) => {
        const script = new Script(site, random);
        const budget = attack(script, base, rateRps, disguise);
        return { requests: script.requests, budget };
      },
    };
  });
}

function needsOf({ beside, before }: Disguise): Need[] {
  if (beside?.what === 'pages') return ['pages'];
  return beside?.what === 'files' || before === 'files' || before === 'changes' || before === 'visit' ? ['files'] : [];
}

/** Writes the attack down; returns its budget. */
function attack(script: Script, name: BaseName, rateRps: number, disguise: Disguise): number {
  const { random, site } = script;
  const base = BASES[name];
  const rate = around(random, disguise.everyS ? 1 / disguise.everyS : rateRps);
  const budget = budgetOf(base.kind, rate, disguise);
  const lastsS = disguise.everyS ? SLOW_LASTS_S : LASTS_S;
  const count = Math.min(REQUESTS_MAX, Math.max(3 * budget, Math.ceil(rate * lastsS)));
  const own = script.person();
  const fixed = disguise.agent === 'tool' ? random.pick(TOOLS) : disguise.agent === 'robot' ? GOOGLEBOT : own.agent;
  const who = () => ({ ip: own.ip, agent: disguise.agent === 'changing' ? random.pick(site.browsers) : fixed });
  const foreign = random.pick(['https://www.google.com/', 'https://t.co/', 'https://news.example/today']);
  const referer = disguise.referer === 'own' ? site.referer : disguise.referer === 'foreign' ? foreign : '';
  const startS = prepare(script, who, disguise);
  const next = base.attacker(script);
  const per = disguise.beside ? around(random, disguise.beside.per, 0.25) : 0;
  for (let n = 0, due = 0; n < count; n++) {
    const atS = startS + (n + 0.6 * random.next()) / rate;
    script.send(atS, who(), { referer, ...next(n), attack: true });
    for (due += per; due >= 1; due--)
      script.send(atS + (0.3 * random.next()) / rate, who(), harmless(script, disguise));
  }
  return budget;
}

function budgetOf(kind: Kind, rate: number, { everyS, beside, before }: Disguise): number {
  if (everyS) return SLOW_BUDGET;
  const isHidden = beside !== undefined || (before !== undefined && before !== 'robots.txt');
  const budget = (isHidden ? HIDDEN_BUDGETS : BUDGETS)[kind];
  return kind === 'flood' ? Math.max(budget, Math.ceil(FLOOD_S * rate)) : budget;
}

function harmless({ random, site }: Script, { beside }: Disguise): Asked {
  if (beside?.what === 'home') return site.home;
  return { ...random.pick(beside?.what === 'files' ? site.files : site.pages.slice(0, 20)), referer: site.referer };
}

/** What it does first; returns when the attack begins. */
function prepare(script: Script, who: () => { ip: string; agent: string }, { before }: Disguise): number {
  const { random, site, startS } = script;
  if (before === 'visit') return script.browse(who(), 40 * MINUTE);
  if (before === 'robots.txt') script.send(startS, who(), { path: '/robots.txt', bytes: 300 });
  if (before !== 'files' && before !== 'changes') return startS + 1;
  for (const [n, file] of shuffle(random, site.files).slice(0, 8).entries()) script.call(startS + n / 10, who(), file);
  for (let n = 0; before === 'changes' && n < 8; n++) {
    const status = random.pick([200, 201, 204]);
    script.call(startS + 1 + n / 5, who(), { method: 'PUT', path: `/files/${word(random)}`, status, bytes: 0 });
  }
  return startS + 3;
}
