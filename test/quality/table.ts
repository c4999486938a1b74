/**
 * `npm run quality`: how well the default profile tells attackers from honest clients on simulated sites, as the tables of
 * docs/measurements.md. `--details` also names who was missed and who was wrongly banned; `--first` takes the first seed of each, whose
 * numbers scenes.ts holds. Logs of your own with labels beside them
 * (`NAME.jsonl`, `NAME.labels.json`; see labelled.ts) take the place of the sites: `npm run quality -- LOG…`.
 */
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { scoreLog } from './labelled.ts';
import { measure } from './measure.ts';
import { SCENES } from './scenes.ts';
import { delayAt, type Score } from './score.ts';

const seconds = (delayS: number): string => (Number.isNaN(delayS) ? '–' : String(Math.round(delayS)));

const { positionals: logs, values: given } = parseArgs({
  allowPositionals: true,
  options: { details: { type: 'boolean', default: false }, first: { type: 'boolean', default: false } },
});

function* measureAll(): Generator<{ readonly name: string; readonly lines: number; readonly score: Score }> {
  for (const log of logs) yield { name: basename(log), ...scoreLog(log) };
  if (logs.length > 0) return;
  for (const scene of SCENES) {
    const seeds = given.first ? scene.seeds.slice(0, 1) : scene.seeds;
    yield { name: `${scene.name} | ${scene.hours * seeds.length}`, ...measure(scene, seeds) };
  }
}

const [what, line] = logs.length > 0 ? ['log', '|---|'] : ['site | hours', '|---|---|'];
console.log(`| ${what} | lines | loud | moderate | stealth | busy and honest | false bans | delay, median · 90 % |`);
console.log(`${line}---|---|---|---|---|---|---|`);
const scores: Score[] = [];
for (const { name, lines, score } of measureAll()) {
  scores.push(score);
  const { busy, falseBans, loud, missed, moderate, stealth } = score;
  const cells = [loud, moderate, stealth].map(({ found, of }) => `${found}/${of}`);
  const delays = `${seconds(delayAt(score, 0.5))} · ${seconds(delayAt(score, 0.9))} s`;
  console.log(`| ${[name, lines, ...cells, busy, falseBans.length, delays].join(' | ')} |`);
  if (!given.details) continue;
  for (const line of missed) console.error(`  missed ${line}`);
  for (const line of falseBans) console.error(`  wrongly banned ${line}`);
}

console.log('\n| attack | banned | delay, median · longest |\n|---|---|---|');
const caught = Map.groupBy(
  scores.flatMap((score) => score.caught),
  ({ attack }) => attack,
);
for (const [attack, bans] of [...caught].sort(([left], [right]) => (left < right ? -1 : 1))) {
  const rising = bans.map(({ delayS }) => delayS).sort((left, right) => left - right);
  const delays = `${seconds(rising[rising.length >> 1] ?? Number.NaN)} · ${seconds(rising.at(-1) ?? Number.NaN)} s`;
  console.log(`| ${attack} | ${bans.length} | ${delays} |`);
}
