/**
 * Chooses a sensitivity from what each would have done to a site. Nobody says who in a log is a customer, so two things
 * stand in for it: banned clients that were known are taken for customers, and where a more sensitive step bans many more
 * clients, nobody knows who they are, and the step is left alone.
 */
import { countOf, formatCount } from '../english/number.ts';
import { SENSITIVITY_LEVELS, type Sensitivity, sensitivityFactor } from '../settings/sensitivity.ts';
import type { Sweep, SweepStep } from './sweep.ts';

const DAY_SECONDS = 86_400;
/** Known clients that may be banned: attackers come back, too. */
const DAYS_PER_KNOWN_BAN = 14;
/** With less than this nobody is advised to ban more. */
const DAYS_MIN = 7;
const KNOWN_MIN = 30;
/** Logs that are rotated daily are some minutes short of their last day. */
const NEARLY = 0.95;
/** A more sensitive step must ban hardly more clients, and sooner by this much and by these seconds. */
const CLIENTS_TIMES = 1.1;
const SECONDS_TIMES = 0.8;
const SECONDS_LESS = 2;

export interface Recommendation {
  readonly sensitivity: Sensitivity;
  /** Whole sentences. */
  readonly reason: string;
  /** What the log cannot tell, whole sentences; none when it is long and rich enough. */
  readonly doubts: readonly string[];
}

/** Undefined for a log without a line. */
export function recommend(sweep: Sweep, inForce: Sensitivity): Recommendation | undefined {
  const days = sweepDays(sweep);
  if (days === undefined) return undefined;
  const doubts = findDoubts(sweep, days);
  const advice = choose(sweep, days);
  const trusted = days >= NEARLY * DAYS_MIN && sweep.knownClients >= KNOWN_MIN;
  if (trusted || sensitivityFactor(advice.sensitivity) <= sensitivityFactor(inForce)) return { ...advice, doubts };
  const reason = 'This log is too little to advise anybody to ban more than now.';
  return { sensitivity: inForce, reason, doubts };
}

function choose(sweep: Sweep, days: number): Omit<Recommendation, 'doubts'> {
  const normal = stepOf(sweep, 'normal');
  const allowed = Math.floor(days / DAYS_PER_KNOWN_BAN);
  if (normal.knownClients > allowed) return recommendLess(sweep, normal, allowed);
  const more = findMore(sweep, normal);
  if (!more) return { sensitivity: 'normal', reason: reasonForNormal(sweep, normal) };
  const reason =
    `It bans ${clients(more.clients)} where normal bans ${clients(normal.clients)}, no more of them known, but half of ` +
    `them within ${more.medianSeconds} s instead of ${normal.medianSeconds} s.`;
  return { sensitivity: more.sensitivity, reason };
}

/** A sweep has a step for every level. */
function stepOf({ steps }: Sweep, level: keyof typeof SENSITIVITY_LEVELS): SweepStep {
  const step = steps.find(({ factor }) => factor === SENSITIVITY_LEVELS[level]);
  if (!step) throw new Error(`the sweep has no step for ${level}`);
  return step;
}

/** How many days the log covers; undefined for one without a line. */
export function sweepDays({ first, last }: Pick<Sweep, 'first' | 'last'>): number | undefined {
  if (first === null || last === null) return undefined;
  return Math.max(1, (Date.parse(last) - Date.parse(first)) / 1000) / DAY_SECONDS;
}

/** Too short for numbers a day. */
export const isShorterThanDay = (days: number): boolean => days < NEARLY;

/** The most sensitive step up to normal that touches few enough known clients, or fewest. */
function recommendLess({ steps }: Sweep, normal: SweepStep, allowed: number): Omit<Recommendation, 'doubts'> {
  const upToNormal = steps.filter(({ factor }) => factor <= normal.factor);
  const fewest = Math.min(...upToNormal.map(({ knownClients }) => knownClients));
  const step = upToNormal.findLast(({ knownClients }) => knownClients <= Math.max(allowed, fewest)) ?? normal;
  const touched =
    `Normal would have banned ${clients(normal.knownClients)} that had been answered well for hours and may be ` +
    'customers: see who they are with zban replay.';
  const instead =
    step === normal
      ? 'No lower sensitivity bans fewer of them; those that are customers belong on the allowlist.'
      : `This bans ${formatCount(step.knownClients)} of them. If they attack, or belong on the allowlist, stay with normal.`;
  return { sensitivity: step.sensitivity, reason: `${touched} ${instead}` };
}

/** The most sensitive step up to `high` that costs nothing. */
function findMore({ steps }: Sweep, normal: SweepStep): SweepStep | undefined {
  return steps.findLast(
    (step) =>
      step.factor > normal.factor &&
      step.factor <= SENSITIVITY_LEVELS.high &&
      step.knownClients <= normal.knownClients &&
      step.clients <= Math.max(normal.clients + 1, CLIENTS_TIMES * normal.clients) &&
      isSooner(step, normal),
  );
}

function isSooner({ medianSeconds: seconds }: SweepStep, { medianSeconds: before }: SweepStep): boolean {
  return seconds !== null && before !== null && seconds <= Math.min(SECONDS_TIMES * before, before - SECONDS_LESS);
}

function reasonForNormal(sweep: Sweep, normal: SweepStep): string {
  const high = stepOf(sweep, 'high');
  if (sweep.steps.every(({ bans }) => bans === 0)) return 'No sensitivity would have banned anybody.';
  const known = normal.knownClients === 0 ? 'none' : formatCount(normal.knownClients);
  const bans = normal.clients === 0 ? 'It bans nobody' : `It bans ${clients(normal.clients)}, ${known} of them known`;
  const more = high.clients - normal.clients;
  if (more <= 0) return `${bans}; high finds nobody else, and hardly sooner.`;
  const moreKnown = high.knownClients - normal.knownClients;
  const who = moreKnown > 0 ? `${formatCount(moreKnown)} of them known` : 'and nothing shows whether they attack';
  return `${bans}; high would ban ${clients(more)} more, ${who}.`;
}

function findDoubts({ knownClients, steps }: Sweep, days: number): string[] {
  const doubts: string[] = [];
  if (isShorterThanDay(days)) {
    doubts.push(
      'The log covers less than a day: clients that come back, nights and weekends are missing, and in its first hour ' +
        'limits are higher. Take this as a guess, and ask again with weeks of logs.',
    );
  } else if (days < NEARLY * DAYS_MIN) {
    doubts.push('The log covers less than a week: too little for advice to ban more. Better ask with weeks of logs.');
  }
  if (knownClients === 0) {
    doubts.push(
      'No client of this log is known, so that a banned customer cannot be told from an attacker: go through the bans ' +
        'of zban replay yourself.',
    );
  } else if (knownClients < KNOWN_MIN) {
    doubts.push(`Only ${clients(knownClients)} of this log are known: that few of them were banned says little.`);
  }
  if (steps.some(({ fuses }) => fuses > 0)) {
    doubts.push(
      'At some steps the fuse tripped (bans.max_per_minute, bans.max_share) and spared clients: they show fewer bans than they decide.',
    );
  }
  return doubts;
}

const clients = (count: number): string => countOf(count, 'client');
