/**
 * `npm run ablation`: what every mechanism and every constant of the rules for clients is worth. Mechanisms are taken out, constants
 * halved and doubled, weights taken away; then the trials are run, and a sample of the sites of `npm run quality`.
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { applyEdit, type Edit, listChanges } from './constants.ts';
import { listMechanisms } from './mechanisms.ts';
import type { Level } from './trial.ts';

const USAGE = `usage: npm run ablation -- [--constants] [--only REGEXP] [--change REGEXP] [--seed N] [--every N] [--jobs N] [--quality] [--log FILE …]
  --constants   constants; mechanisms otherwise
  --only REGEXP mechanisms or constants whose name, as the first column has it, matches
  --change REGEXP of halved, doubled, none: those that match
  --seed N      the trials' seed, default 1
  --every N     every Nth attack of the trials, default 1; the innocent are always all run
  --jobs N      edits tried at a time, default 1
  --quality     also a day of three sites of npm run quality
  --log FILE    also logs of your own with labels beside them (test/quality/labelled.ts)
  --no-trials   nothing but these`;

/** The argument of a process that tries one edit. */
const APART = '--apart';

interface Setting {
  readonly edit: Edit | undefined;
  readonly seed: number;
  readonly every: number;
  readonly quality: boolean;
  readonly logs: readonly string[];
  readonly trials: boolean;
}

interface Outcome {
  readonly attack: number;
  readonly must: number;
  readonly should: number;
  /** Attack requests. */
  readonly through: number;
  /** Attackers found and clients wrongly banned on the sites of npm run quality and in logs, and the sum of delays. */
  readonly found: number;
  readonly wrong: number;
  readonly delayS: number;
}

/** Sites and hours a day of which is simulated. */
const SAMPLE = /^(blog|almost idle blog|private cloud)$/;
const SAMPLE_HOURS = 12;

async function measureTrials({ seed, every }: Setting): Promise<Pick<Outcome, Level | 'through'>> {
  const { runTrials } = await import('./trials.ts');
  const sum = { attack: 0, must: 0, should: 0, through: 0 };
  let attacks = 0;
  for (const { trial, ok, through } of runTrials({
    seed,
    only: ({ level }) => level !== 'attack' || attacks++ % every === 0,
  })) {
    if (ok) sum[trial.level]++;
    sum.through += through;
  }
  return sum;
}

/** A day of some sites of `npm run quality`, and logs. */
async function measureLabelled({ quality, logs }: Setting): Promise<Pick<Outcome, 'found' | 'wrong' | 'delayS'>> {
  const [{ measure }, { SCENES }, { scoreLog }] = await Promise.all([
    import('../quality/measure.ts'),
    import('../quality/scenes.ts'),
    import('../quality/labelled.ts'),
  ]);
  const sum = { found: 0, wrong: 0, delayS: 0 };
  const scenes = quality ? SCENES.filter(({ name }) => SAMPLE.test(name)) : [];
  const scores = [
    ...scenes.map((scene) => measure({ ...scene, hours: SAMPLE_HOURS }, [1])),
    ...logs.map((log) => scoreLog(log)),
  ];
  for (const { score } of scores) {
    sum.found += score.loud.found + score.moderate.found;
    sum.wrong += score.falseBans.length;
    sum.delayS += score.caught.reduce((total, { delayS }) => total + delayS, 0);
  }
  return sum;
}

async function measureHere(setting: Setting): Promise<Outcome> {
  if (setting.edit) applyEdit(setting.edit);
  const trials = setting.trials ? await measureTrials(setting) : { attack: 0, must: 0, should: 0, through: 0 };
  return { ...trials, ...(await measureLabelled(setting)) };
}

/** In a process of its own, because modules are loaded once. Undefined where the source does not run with that edit. */
const measureApart = (setting: Setting): Promise<Outcome | undefined> =>
  new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, [APART]);
    child.once('message', (outcome) => resolve(outcome as Outcome));
    child.once('error', reject);
    child.once('exit', () => resolve(undefined));
    child.send(setting);
  });

async function answer(setting: Setting): Promise<void> {
  process.send?.(await measureHere(setting));
  process.disconnect();
}

const signed = (value: number): string => (value > 0 ? `+${value}` : value < 0 ? `−${-value}` : '0');

/** How much more of each there is than with the source as it is. */
function compare(before: Outcome, after: Outcome, { logs, quality, trials }: Setting): string {
  const more = (key: keyof Outcome): number => Math.round(after[key] - before[key]);
  const cells: string[] = [];
  if (trials)
    cells.push(`${signed(more('attack'))} ${signed(more('must'))} ${signed(more('should'))}`, signed(more('through')));
  if (quality || logs.length > 0)
    cells.push(`${signed(more('found'))} ${signed(more('wrong'))}`, signed(more('delayS')));
  return cells.join(' | ');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      constants: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      change: { type: 'string', default: '' },
      seed: { type: 'string', default: '1' },
      every: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1' },
      quality: { type: 'boolean', default: false },
      log: { type: 'string', multiple: true, default: [] },
      'no-trials': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const [seed, every, jobs] = [Number(values.seed), Number(values.every), Number(values.jobs)];
  if (![seed, every, jobs].every((number) => Number.isSafeInteger(number) && number > 0)) throw new TypeError(USAGE);
  const [quality, logs, trials] = [values.quality, values.log, !values['no-trials']];
  const base: Setting = { edit: undefined, seed, every, quality, logs, trials };
  const [only, change] = [new RegExp(values.only), new RegExp(values.change)];
  const edits = (values.constants ? listChanges() : listMechanisms()).filter(
    (edit) => only.test(edit.name) && change.test(edit.change),
  );
  if (edits.length === 0) throw new Error('nothing matches --only and --change');
  const before = await measureApart(base);
  if (!before) throw new Error('the trials do not run with the source as it is');
  console.log(`as it is: ${JSON.stringify(before)}\n`);
  const columns = ['what', 'change'];
  if (trials) columns.push('attack must should', 'requests through');
  if (quality || logs.length > 0) columns.push('labelled: found, wrong', 'delays, s');
  console.log(`| ${columns.join(' | ')} |`);
  console.log(`|${'---|'.repeat(columns.length)}`);
  const next = async (): Promise<void> => {
    for (let edit = edits.shift(); edit; edit = edits.shift()) {
      const outcome = await measureApart({ ...base, edit });
      const cells = outcome === undefined ? 'does not run |' : compare(before, outcome, base);
      console.log(`| ${edit.name} | ${edit.change} | ${cells} |`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, next));
}

if (process.argv[2] === APART) process.once('message', (setting) => answer(setting as Setting));
else await main();
