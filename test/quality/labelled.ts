/** Logs with labels beside them, written by hand or by `zban simulate --labels`, and how they are judged. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Judge } from './judge.ts';
import { addScore, emptyScore, type Marks, type Score } from './score.ts';

const CHUNK_BYTES = 1 << 18;
const NEWLINE = 10;

/** Labels of a real log name addresses, and those that count neither way in two lists. */
interface LabelFile {
  readonly attackers: readonly (Partial<Marks['attackers'][number]> & { readonly ip: string; readonly kind: string })[];
  readonly benign_heavy: readonly (Partial<Marks['benign_heavy'][number]> & { readonly ip: string })[];
  readonly ambiguous: readonly { readonly ip: string }[];
  readonly minor_probers: readonly string[];
}

function readMarks(path: string): Marks {
  const { ambiguous, attackers, benign_heavy, minor_probers } = JSON.parse(readFileSync(path, 'utf8')) as LabelFile;
  const named = { client: '', attack: '', shared: false, bursts: [] };
  return {
    attackers: attackers.map((one) => ({ ...named, client: one.ip, attack: one.kind, ...one })),
    benign_heavy: benign_heavy.map((one) => ({ client: one.ip, ...one })),
    minor_probers: [...minor_probers, ...ambiguous.map(({ ip }) => ip)],
  } as Marks;
}

/** Replays `NAME.jsonl` or `NAME.jsonl.gz`, one request a line, in order of time, and scores it by `NAME.labels.json` beside it. */
export function scoreLog(path: string): { readonly lines: number; readonly score: Score } {
  const marks = readMarks(path.replace(/\.jsonl(\.gz)?$/, '.labels.json'));
  const raw = readFileSync(path);
  const bytes = path.endsWith('.gz') ? gunzipSync(raw) : raw;
  const judge = new Judge();
  let lines = 0;
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, Math.min(from + CHUNK_BYTES, bytes.length - 1));
    const to = newline < 0 ? bytes.length : newline + 1;
    lines += judge.feedLines(bytes.subarray(from, to));
    from = to;
  }
  const score = emptyScore();
  addScore(score, marks, judge.bans);
  return { lines, score };
}
