/** Sends long lists to the daemon in pieces that it takes, and says what became of every target. */
import { ControlError } from '../control/error.ts';
import type { Outcome, TargetResult } from '../control/protocol.ts';
import { countOf, formatCount } from '../english/number.ts';
import { REQUEST_BYTES_MAX, TARGETS_MAX } from '../model/limits.ts';
import { printable } from '../model/text.ts';
import type { LineProblem } from './ban-list/list.ts';
import type { LoadedList } from './ban-list/load-list.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { findWidened } from './options.ts';
import { ProgressBar } from './progress-bar.ts';
import { formatRelative, formatTime } from './text.ts';

/** Lines with problems that are told one by one. */
const PROBLEMS_TOLD = 100;

/** Asks about all items, piece by piece; once even without any, for requests that mean everything. */
export async function askInPieces<T>(
  items: readonly T[],
  ask: (piece: readonly T[]) => Promise<readonly TargetResult[]>,
): Promise<readonly TargetResult[]> {
  const results: TargetResult[][] = [];
  const pieces = splitForRequests(items);
  // One request is over before anybody could read it.
  const bar = pieces.length > 1 ? new ProgressBar('send') : undefined;
  let asked = 0;
  for (const piece of pieces) {
    bar?.show(asked / items.length, asked, 'targets');
    const done = asked;
    const answer = await ask(piece).catch((error: unknown) => {
      bar?.clear();
      throw done === 0 ? error : describeDone(error, done, items.length);
    });
    results.push([...answer]);
    asked += piece.length;
  }
  bar?.clear();
  return results.flat();
}

/** A list that broke off: what was done stays done, and asking again changes nothing of it. */
function describeDone(error: unknown, done: number, count: number): unknown {
  if (!(error instanceof ControlError)) return error;
  const far = `the first ${formatCount(done)} of ${formatCount(count)} targets are carried out, run it again for the rest`;
  return new ControlError(error.code, `${error.message}; ${far}`, { cause: error });
}

/** Pieces that a request takes: so many items, and as JSON half of its bytes at most. */
function splitForRequests<T>(items: readonly T[]): (readonly T[])[] {
  const pieces: T[][] = [[]];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item));
    if (pieces.at(-1)?.length === TARGETS_MAX || bytes + size > REQUEST_BYTES_MAX / 2) {
      pieces.push([]);
      bytes = 0;
    }
    pieces.at(-1)?.push(item);
    bytes += size;
  }
  return pieces;
}

/** A line of what became of something: on standard error where it failed. */
export function tellLine(output: Context['output'], ok: boolean, text: string): void {
  if (ok) output.say(printable(text));
  else output.talk(`zban: ${printable(text)}`);
}

/** What became of an order; `about` stands before it. */
export function printOutcome({ json, output }: Context, outcome: Outcome, about = ''): ExitCode {
  if (json) output.json(outcome);
  else {
    tellLine(output, outcome.ok, about + outcome.message);
    warnIfNotDurable(output, [outcome]);
  }
  return outcome.ok ? EXIT.done : EXIT.failed;
}

/** What became of the targets that somebody typed as `words`: a line each. */
export function printResults(
  { json, output, now }: Context,
  words: readonly string[],
  results: readonly TargetResult[],
): ExitCode {
  const widened = findWidened(words);
  if (json) {
    output.json(results.map((result) => ({ ...result, given: widened.get(result.target) })));
  } else {
    for (const [network, word] of widened) output.talk(`zban: ${describeWidened(word, network)}`);
    for (const { target, ok, message, until, part_of } of results) {
      tellLine(output, ok, `${target}: ${message}${until === undefined ? '' : `, ${describeEnd(until, now())}`}`);
      if (part_of !== undefined) output.talk(`zban: ${describePart(target, part_of)}`);
    }
    warnIfNotDurable(output, results);
  }
  return exitCodeOfResults(results);
}

/** `until 2026-11-20 10:11:12 (in 2h)`. */
function describeEnd(until: string | null, nowMs: number): string {
  if (until === null) return 'permanently';
  return `until ${formatTime(Date.parse(until))} (${formatRelative(Date.parse(until), nowMs)})`;
}

/** Says what a crash would undo. */
function warnIfNotDurable(output: Context['output'], results: readonly { readonly durable?: false }[]): void {
  if (results.every(({ durable }) => durable !== false)) return;
  output.talk('zban: not yet durable: in force, but no disk takes it yet, so a crash would undo it; see zban status');
}

/** Not everybody means that. */
const describeWidened = (word: string, network: string): string =>
  `${printable(word)} is taken as ${network}, all of it`;

const describePart = (target: string, client: string): string =>
  `${printable(target)} is a part of the client ${printable(client)}, who may come back from the rest of it: zban ban ${printable(client)}`;

/** What became of a list: how many of each outcome, and the lines that failed. Bad lines are exit code 1. */
export function printListResults(
  { json, output }: Context,
  { name, bans, lines: numbers, problems, widened }: LoadedList,
  results: readonly TargetResult[],
): ExitCode {
  const lines = new Map(bans.map(({ target }, index) => [target, numbers[index] ?? 0]));
  const bad = results.flatMap(({ target, ok, message }): LineProblem[] =>
    ok ? [] : [{ line: lines.get(target) ?? 0, message: `${target}: ${message}` }],
  );
  if (json) {
    const unread = problems.map(({ line, message }) => ({ target: '', ok: false, code: 'invalid', message, line }));
    output.json([
      ...unread,
      ...results.map((result) => ({
        ...result,
        line: lines.get(result.target) ?? null,
        given: widened.get(result.target),
      })),
    ]);
  } else {
    const taken = [...widened].map(([network, word]) => ({
      line: lines.get(network) ?? 0,
      message: describeWidened(word, network),
    }));
    tellLines(output, name, taken, 'lines name a network by an address in it');
    tellLines(output, name, [...problems, ...bad], 'lines could not be used');
    output.say(summarize(results, problems.length));
    warnIfNotDurable(output, results);
  }
  return problems.length > 0 ? EXIT.failed : exitCodeOfResults(results);
}

/** By their numbers, as many as anybody reads. */
function tellLines(output: Context['output'], name: string, lines: readonly LineProblem[], what: string): void {
  const told = lines.toSorted((a, b) => a.line - b.line);
  for (const { line, message } of told.slice(0, PROBLEMS_TOLD))
    output.talk(`zban: ${printable(name)}: ${line > 0 ? `line ${line}: ` : ''}${printable(message)}`);
  if (told.length > PROBLEMS_TOLD) output.talk(`zban: ${formatCount(told.length - PROBLEMS_TOLD)} more ${what}`);
}

const OUTCOMES: Readonly<Record<TargetResult['code'], string>> = {
  done: 'done',
  unchanged: 'unchanged',
  not_found: 'not banned',
  protected: 'never banned',
  failed: 'failed',
  invalid: 'refused',
};

function summarize(results: readonly TargetResult[], unread: number): string {
  const counts = Map.groupBy(results, ({ code }) => code);
  const parts = Object.entries(OUTCOMES).flatMap(([code, words]) => {
    const count = counts.get(code as TargetResult['code'])?.length ?? 0;
    return count > 0 || code === 'done' ? [`${formatCount(count)} ${words}`] : [];
  });
  if (unread > 0) parts.push(`${countOf(unread, 'line')} not understood`);
  return parts.join(', ');
}

/** The gravest of what went wrong: 1 refused or failed, 2 no address, 5 not found. */
function exitCodeOfResults(results: readonly TargetResult[]): ExitCode {
  const bad = new Set(results.filter((result) => !result.ok).map((result) => result.code));
  if (bad.has('failed') || bad.has('protected')) return EXIT.failed;
  if (bad.has('invalid')) return EXIT.usage;
  if (bad.has('not_found')) return EXIT.notFound;
  return bad.size > 0 ? EXIT.failed : EXIT.done;
}
