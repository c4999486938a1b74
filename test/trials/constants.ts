/** The constants of the rules for clients, and the rules as they would be with another value of one of them. */
import { readFileSync } from 'node:fs';
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
/** Sizes of tables and units: they say how much is remembered or how exactly, and not what is an attack. */
const STRUCTURE =
  /^(FIRST_CAPACITY|.*_SALT|BITS|WORDS|ROWS|LOOKED_AT|BINS|BINS_PER_OCTAVE|MINUTE|HOUR|DAY|PATHS?|.*_BITS|SERVED|HOSTS|TIME_MIN|POINTS_STEP)$/;
const DECLARATION = /^(?:export )?const (?:([A-Z_]+) = |\[([A-Z_, ]+)\] = \[)([\d._* ]+(?:, [\d._* ]+)*)\]?;$/gm;
const MEMBER = /^ {2}(limit|leak|servedLeak): ([\d.]+),$/gm;

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
  return FILES.flatMap((file) => {
    const text = readFileSync(new URL(file, SRC), 'utf8');
    const isWeighing = WEIGHING.includes(file);
    const declared = [...text.matchAll(DECLARATION)].flatMap((match) => {
      const [all, single, several, values = ''] = match;
      let from = match.index + all.lastIndexOf(values);
      return (several ?? single ?? '').split(', ').flatMap((name, at) => {
        const part = values.split(', ')[at] ?? '';
        const constant = { file, name, value: readValue(part), from, to: from + part.length, isWeight: isWeighing };
        from += part.length + ', '.length;
        return STRUCTURE.test(name) ? [] : constant;
      });
    });
    const members = isWeighing ? [...text.matchAll(MEMBER)] : [];
    return [
      ...declared,
      ...members.map((match) => {
        const [all, name = '', value = ''] = match;
        const to = match.index + all.length - 1;
        return { file, name, value: Number(value), from: to - value.length, to, isWeight: false };
      }),
    ];
  });
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
