/** A parse thread: chunks in, tallies out. */
import { move, transferableSymbol, valueSymbol, workerData } from 'piscina';
import { Parser } from '../parse/parser.ts';
import type { Parsed, ParseTask, WorkerSetup } from './messages.ts';

const parsers = (workerData as WorkerSetup).parsers.map((options) => new Parser(options));

export default function parseChunk(task: ParseTask): unknown {
  const parser = parsers[task.log];
  if (!parser) throw new Error(`no log number ${task.log}`);
  const parsed: Parsed = { ...parser.parse(task.bytes, task.secondMax), bytes: task.bytes };
  return move({
    [transferableSymbol]: [parsed.bytes.buffer, parsed.rows.buffer, parsed.skipped.buffer],
    [valueSymbol]: parsed,
  } as never);
}
