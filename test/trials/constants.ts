/** The constants of the rules for clients, defaults of the configuration included, and the rules as they would be with another value of one of them. */
import { readdirSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';

export const SRC = new URL('../../src/', import.meta.url);
/** Rules, and all that they know of client and site. Those of the first line weigh requests: without a weight, that is 1. */
const WEIGHING = ['scan', 'brute-force', 'scrape', 'flood'].map((name) => `detect/${name}.ts`);
const FILES = [
  ...WEIGHING,
  ...['client-state', 'habits', 'networks', 'observer', 'points', 'refusals', 'request', 'site-knowledge'].map(
    (name) => `detect/${name}.ts`,
  ),
  ...['traffic/outage.ts', 'traffic/own-hosts.ts', 'engine/network-watch.ts', 'engine/anomalies.ts'],
];
/** Limits of the window, and floors of what is learned. */
const SETTINGS = 'settings/engine-settings.ts';
/** Sizes of tables and units: they say how much is remembered or how exactly, and not what is an attack. */
const STRUCTURE =
  /^(FIRST_CAPACITY|.*_SALT|BITS|WORDS|ROWS|LOOKED_AT|BINS|BINS_PER_OCTAVE|MINUTE|HOUR|DAY|PATHS?|.*_BITS|SERVED|HOSTS|TIME_MIN|POINTS_STEP|SENSITIVITY_MAX|requestsPerPoint)$/;
const DECLARATION =
  /^(?:export )?const (?:([A-Z_]+) = \[?|\[([A-Z_, ]+)\] = \[(?!.*as const))([\d._* ]+(?:, [\d._* ]+)*)(?:\]|\] as const)?;$/gm;
/** One that has a number, however it is written; neither sets of codes, nor places in a record, nor what follows from others. */
const NUMBER_DECLARATION = /^(?:export )?const \[?([A-Z_, ]+)\]?(?:: \w+)? = [^A-Za-z]*\d[^A-Za-z]*;$/gm;
/** A number of a rule, or the default of a key. */
const MEMBER = /^ +(\w+): (?:\w+\()?([\d.]+)((?:, \d+)?\)?),$/gm;

/** One place of the source, and what would stand there instead. */
export interface Edit {
  /** Below src. */
  readonly file: string;
  readonly name: string;
  /** `halved`, `doubled`, or `none`: without it. */
  readonly change: 'halved' | 'doubled' | 'none';
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

interface Constant {
  /** Below src. */
  readonly file: string;
  readonly name: string;
  readonly value: number;
  /** Where the value stands in the file. */
  readonly from: number;
  readonly to: number;
  /** A weight of 1 is none. */
  readonly isWeight: boolean;
}

const readValue = (text: string): number =>
  text.split('*').reduce((product, factor) => product * Number(factor.replaceAll('_', '')), 1);

function listConstants(): Constant[] {
  return [...FILES, SETTINGS].flatMap((file) => {
    const text = readFileSync(new URL(file, SRC), 'utf8');
    const isWeighing = WEIGHING.includes(file);
    const declared = [...text.matchAll(DECLARATION)].flatMap((match) => {
      const [all, single, several, values = ''] = match;
      let from = match.index + all.lastIndexOf(values);
      const names = several?.split(', ');
      return values.split(', ').map((part, at) => {
        const name = names?.[at] ?? single ?? '';
        const constant = { file, name, value: readValue(part), from, to: from + part.length, isWeight: isWeighing };
        from += part.length + ', '.length;
        return constant;
      });
    });
    const members = isWeighing || file === SETTINGS ? [...text.matchAll(MEMBER)] : [];
    return [
      ...declared,
      ...members.map((match) => {
        const [all, name = '', value = '', rest = ''] = match;
        const to = match.index + all.length - 1 - rest.length;
        return { file, name, value: Number(value), from: to - value.length, to, isWeight: false };
      }),
    ].filter(({ name }) => !STRUCTURE.test(name));
  });
}

/** Names with a number of their own in all of src/detect that no ablation tries: `FILE NAME`. Those of questions to DNS are no rules. */
export function listUntried(): string[] {
  const tried = new Set(listConstants().map(({ file, name }) => `${file} ${name}`));
  const files = readdirSync(new URL('detect/', SRC)).map((name) => `detect/${name}`);
  return [...new Set([...files, ...FILES])]
    .filter((file) => file !== 'detect/robot-verdicts.ts')
    .flatMap((file) => {
      const declared = readFileSync(new URL(file, SRC), 'utf8').matchAll(NUMBER_DECLARATION);
      return [...declared].flatMap(([, names = '']) => names.split(', ').map((name) => ({ file, name })));
    })
    .filter(({ file, name }) => !STRUCTURE.test(name) && !tried.has(`${file} ${name}`))
    .map(({ file, name }) => `${file} ${name}`);
}

/** Every constant halved and doubled, and weights of 1 in the place of others. */
export function listChanges(): Edit[] {
  return listConstants()
    .filter(({ value }) => value !== 0)
    .flatMap(({ file, name, value, from, to, isWeight }) => {
      const place = { file, name: `${file.replace(/^.*\/|\.ts$/g, '')} ${name} ${value}`, from, to };
      const edits: Edit[] = [
        { ...place, change: 'halved', text: String(value / 2) },
        { ...place, change: 'doubled', text: String(value * 2) },
      ];
      if (isWeight && value !== 1) edits.push({ ...place, change: 'none', text: '1' });
      return edits;
    });
}

/** Modules that this process loads from now on are edited so. */
export function applyEdit({ file, from, to, text: edited }: Edit): void {
  const url = new URL(file, SRC).href;
  registerHooks({
    load: (loaded, context, next) => {
      const result = next(loaded, context);
      if (loaded !== url) return result;
      const text = String(Buffer.from(result.source as Uint8Array));
      return { ...result, source: text.slice(0, from) + edited + text.slice(to) };
    },
  });
}
