/** All trials, and how they are run. */
import { INVENTED } from './attacks/invented.ts';
import { LASTING } from './attacks/lasting.ts';
import { LOG_INS } from './attacks/log-ins.ts';
import { FEINTS, NETWORKS } from './attacks/networks.ts';
import { OVERLOOKED } from './attacks/overlooked.ts';
import { ROUTINE } from './attacks/routine.ts';
import { SCANS } from './attacks/scans.ts';
import { SCRAPES } from './attacks/scrapes.ts';
import { TRIED } from './attacks/tried.ts';
import { Background, SITE_NAMES } from './background.ts';
import type { HandWritten } from './hand-written.ts';
import { CONFUSED } from './innocents/confused.ts';
import { DEVICES } from './innocents/devices.ts';
import { INVENTED_HONEST } from './innocents/invented.ts';
import { OLD_LINKS } from './innocents/old-links.ts';
import { PEOPLE } from './innocents/people.ts';
import { PROGRAMS } from './innocents/programs.ts';
import { RECEIPTS } from './innocents/receipts.ts';
import { ROBOTS } from './innocents/robots.ts';
import { SHARED } from './innocents/shared.ts';
import { TABS } from './innocents/tabs.ts';
import { WHOLE_SITE } from './innocents/whole-site.ts';
import { judge, type Result } from './judge.ts';
import type { Family, Trial } from './trial.ts';

export const FAMILIES: readonly Family[] = [
  ...[SCANS, LOG_INS, SCRAPES, NETWORKS, FEINTS],
  ...[SHARED, TABS, PEOPLE, WHOLE_SITE, PROGRAMS, ROBOTS],
  // Added at the end: which site a trial is tried on depends on those before it.
  ...[OVERLOOKED, DEVICES],
  ...[TRIED, CONFUSED],
  ...[INVENTED, INVENTED_HONEST],
  ...[ROUTINE, RECEIPTS],
  ...[LASTING, OLD_LINKS],
];

export interface Run {
  readonly seed: number;
  /** Every trial on every site that has what it needs, instead of on one of them. */
  readonly allSites?: boolean;
  readonly only?: (trial: Trial) => boolean;
  /** What judges, each in turn; undefined is zban, and the default. */
  readonly rules?: readonly (HandWritten | undefined)[];
}

export interface Judged extends Result {
  readonly seed: number;
  /** What judged: undefined is zban. */
  readonly rule: string | undefined;
  readonly family: Family;
}

/** Runs trials, each on one site in turn that has what it needs; another seed is another site of each kind, and other numbers. */
export function* runTrials({ seed, allSites = false, only = () => true, rules = [undefined] }: Run): Generator<Judged> {
  const backgrounds = SITE_NAMES.map((name) => new Background(name, seed));
  const turns = new Map<string, number>();
  for (const family of FAMILIES) {
    for (const trial of family.trials) {
      const fitting = backgrounds.filter(({ site }) => trial.needs.every((need) => site.has.has(need)));
      // Trials of the same needs take turns, so that each kind of site meets each sort of trial.
      const key = trial.needs.join();
      const turn = turns.get(key) ?? 0;
      turns.set(key, turn + 1);
      if (!only(trial)) continue;
      const chosen = allSites ? fitting : fitting.slice((turn + seed) % fitting.length).slice(0, 1);
      for (const background of chosen) {
        for (const rule of rules) yield { seed, family, rule: rule?.name, ...judge(trial, background, seed, rule) };
      }
    }
  }
}
