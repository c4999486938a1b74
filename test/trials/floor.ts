/** What was reached when it was last committed: no change may do worse. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Judged } from './trials.ts';

/** Seeds that numbers are told of; the floor is that of the first. */
export const SEEDS = [1, 2] as const;

const FILE = new URL('./floor.json', import.meta.url);

interface Share {
  readonly ok: number;
  readonly of: number;
}

export interface Counts {
  /** Attacks within their budget; innocents of whom nobody was banned. */
  readonly attack: Share;
  readonly must: Share;
  readonly should: Share;
  /** Attack requests. */
  readonly through: number;
}

export type Floor = Readonly<Record<string, Omit<Counts, 'through'>>>;

export function count(results: readonly Judged[]): Counts {
  const share = (level: string): Share => {
    const some = results.filter(({ trial }) => trial.level === level);
    return { ok: some.filter(({ ok }) => ok).length, of: some.length };
  };
  const through = results.reduce((sum, result) => sum + result.through, 0);
  return { attack: share('attack'), must: share('must'), should: share('should'), through };
}

export function loadFloor(): Floor {
  return JSON.parse(readFileSync(FILE, 'utf8')) as Floor;
}

export function commitFloor(judged: readonly Judged[]): void {
  const first = judged.filter(({ seed }) => seed === SEEDS[0]);
  const byFamily = [...Map.groupBy(first, ({ family }) => family.name)];
  const floor = Object.fromEntries(
    byFamily.map(([name, results]) => {
      const { attack, must, should } = count(results);
      return [name, { attack, must, should }];
    }),
  );
  writeFileSync(FILE, `${JSON.stringify(floor, null, 2)}\n`);
}
