/**
 * `npm run trials`: how hard the default profile is to dodge, and whom it bans by mistake. Every line is a trial; `MISS`
 * marks what got through more than it should, or an innocent that was banned.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type Counts, commitFloor, count, SEEDS } from './floor.ts';
import { HAND_WRITTEN } from './hand-written.ts';
import { type Judged, runTrials } from './trials.ts';

const USAGE = `usage: npm run trials -- [--seed N]… [--only REGEXP] [--all-sites] [--misses] [--json] [--update]
  --seed N      seeds to run, default ${SEEDS.join(' and ')}
  --only REGEXP trials whose name matches
  --all-sites   every trial on every site that has what it needs, instead of on one of them
  --compare     totals alone, beside those of rules that people write by hand
  --misses      only the trials that failed
  --json        one JSON object a trial
  --update      write what was measured with seed ${SEEDS[0]} to test/trials/floor.json, which the tests hold every change to`;

const FLAG = { type: 'boolean', default: false } as const;
const OPTIONS = {
  options: {
    seed: { type: 'string', multiple: true },
    only: { type: 'string', default: '' },
    'all-sites': FLAG,
    compare: FLAG,
    misses: FLAG,
    json: FLAG,
    update: FLAG,
    help: FLAG,
  },
} satisfies ParseArgsConfig;

const number = (value: number): string => Math.round(value).toLocaleString('en-US');

function row({ trial, site, ok, through, budget, seconds, falseBans, conditions }: Judged): string {
  const cells =
    trial.level === 'attack'
      ? `${number(through).padStart(7)} of ${number(budget).padStart(5)} ${number(seconds).padStart(6)} s`
      : `${falseBans.length > 0 ? `${falseBans.length} banned` : '-'}`.padStart(23);
  const others = trial.level === 'attack' && falseBans.length > 0 ? `, ${falseBans.length} others banned` : '';
  const verdict = ok ? '    ' : 'MISS';
  return `${verdict} ${trial.level.padEnd(6)} ${trial.name.padEnd(86)} ${site.padEnd(10)}${cells}  ${conditions.join(' ')}${others}`;
}

function totals({ attack, must, should, through }: Counts): string {
  const words = [attack, must, should].map(
    ({ ok, of }, index) => of > 0 && `${['attacks within budget', 'must', 'should'][index]} ${ok}/${of}`,
  );
  return [...words.filter(Boolean), ...(attack.of > 0 ? [`${number(through)} attack requests got through`] : [])].join(
    ', ',
  );
}

/** The numbers in README. */
function compare(seeds: readonly number[]): void {
  const judged = seeds.flatMap((seed) => [...runTrials({ seed, rules: [...HAND_WRITTEN, undefined] })]);
  const share = ({ ok, of }: { ok: number; of: number }) => `${ok}/${of}`;
  console.log(
    '| judged by | attacks stopped within budget | people spared | programs spared | attack requests through |',
  );
  console.log('|---|---|---|---|---|');
  for (const [rule = '**zban**, default configuration', results] of Map.groupBy(judged, (result) => result.rule)) {
    const { attack, must, should, through } = count(results);
    console.log(`| ${rule} | ${[attack, must, should].map(share).join(' | ')} | ${number(through)} |`);
  }
}

function main(): void {
  const { values } = parseArgs(OPTIONS);
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const seeds: readonly number[] = values.seed?.map(Number) ?? SEEDS;
  if (seeds.some((seed) => !Number.isSafeInteger(seed))) throw new TypeError(`--seed wants a whole number\n${USAGE}`);
  const isWhole = !values.only && !values['all-sites'] && !values.seed;
  if (values.compare) {
    compare(seeds);
    return;
  }
  if (values.update && !isWhole) throw new TypeError(`--update wants all trials, as the tests run them\n${USAGE}`);
  const only = new RegExp(values.only);
  const judged: Judged[] = [];
  for (const seed of seeds) {
    for (const result of runTrials({ seed, allSites: values['all-sites'], only: ({ name }) => only.test(name) })) {
      judged.push(result);
      const { family, trial, ...rest } = result;
      if (values.json)
        console.log(JSON.stringify({ family: family.name, level: trial.level, name: trial.name, ...rest }));
      else if (!values.misses || !result.ok) console.log(row(result));
    }
  }
  if (!values.json) {
    console.log('');
    for (const [family, results] of Map.groupBy(judged, (result) => result.family)) {
      console.log(`${family.name}: ${totals(count(results))}`);
    }
    console.log(`all: ${totals(count(judged))}`);
  }
  if (values.update) commitFloor(judged);
}

main();
