/**
 * The data plane as the main thread sees it: chunks go in, events come out in order. Chunks are parsed in parallel and
 * handed to the one traffic thread in the order of their source.
 */
import { Piscina } from 'piscina';
import type { RobotClaim } from '../detect/robot-verdicts.ts';
import type { Chunk } from '../model/chunk.ts';
import type { EngineEvent } from '../model/told-event.ts';
import { Parser } from '../parse/parser.ts';
import { SKIP_REASONS, type SkipReason } from '../parse/tally.ts';
import type { Parsed, ParseTask, TrafficResult, TrafficTask, WorkerSetup } from './messages.ts';

/** Time stamps further ahead of the wall clock are taken for corrupt. */
const FUTURE_SECONDS_MAX = 86_400;
/** The threads make few objects: V8's default of 48 MiB for young ones would only fill with garbage. */
const resourceLimits = { maxYoungGenerationSizeMb: 6 };
/** Live, chunks up to this are parsed in the thread that reads them: handing them over would take longer. */
const HERE_BYTES_MAX = 16_384;
/** Live, a parse thread ends after so long without work: it takes a tenth of an idle daemon's memory. */
const IDLE_MS = 60_000;

/** The same file beside this one, compiled or not. */
function workerFile(name: string): string {
  return new URL(`./${name}${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url).href;
}

export interface PipelineOptions {
  readonly setup: WorkerSetup;
  /** A single one, unless live, is the thread that feeds: it has nothing else to do, and another has to be started. */
  readonly parseThreads: number;
  /** The logs are followed: parse threads come and go with large chunks. */
  readonly live?: boolean;
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
  /** Events of a task, and the chunks that are settled with them, in order. */
  readonly onEvents: (events: readonly EngineEvent[], settled: readonly Chunk[]) => void;
  /** A chunk's lines were parsed; its bytes and rows are given away afterwards. */
  readonly onParsed?: (chunk: Chunk, parsed: Parsed) => void;
  /** Clients that claim to be robots, where they are asked for. */
  readonly onRobotClaims?: (claims: readonly RobotClaim[]) => void;
}

interface Pending {
  readonly chunk: Chunk;
  readonly fedMs: number;
  readonly settle: () => void;
}

export class Pipeline {
  /** Lines read so far, and refused ones by reason. */
  lines = 0;
  readonly skipped: Record<string, number> = Object.fromEntries(SKIP_REASONS.map((reason) => [reason, 0]));
  /** The log clock, epoch seconds; 0 before the first line. */
  second = 0;
  /** Sent to the traffic thread so far. */
  tasks = 0;
  private readonly options: PipelineOptions;
  private readonly parsing: Piscina | undefined;
  private readonly parsersHere: readonly Parser[];
  private isThreadReady = false;
  private readonly traffic: Piscina;
  private readonly pending = new Map<number, Pending>();
  /** Last hand-over of each source, so that its chunks stay in order. */
  private readonly tails = new Map<number, Promise<unknown>>();
  private nextId = 0;
  private isClosed = false;

  constructor(options: PipelineOptions) {
    this.options = options;
    const { setup, parseThreads, live = false } = options;
    const parsesHere = live || parseThreads === 1;
    this.parsersHere = parsesHere ? setup.parsers.map((parser) => new Parser(parser)) : [];
    if (live || !parsesHere)
      this.parsing = new Piscina({
        filename: workerFile('parse-worker'),
        workerData: setup,
        resourceLimits,
        minThreads: live ? 0 : parseThreads,
        maxThreads: parseThreads,
        idleTimeout: live ? IDLE_MS : 0,
        recordTiming: false,
      });
    this.traffic = new Piscina({
      filename: workerFile('traffic-worker'),
      workerData: setup,
      resourceLimits,
      minThreads: 1,
      maxThreads: 1,
      // Without this a task that found the thread busy goes back to the end of the queue, behind younger ones.
      stricterFIFO: true,
      recordTiming: false,
    });
  }

  /** Resolves when every line of the chunk was judged and its events were handed on. The chunk's buffer is taken over. */
  async feed(chunk: Chunk, log: number): Promise<void> {
    this.requireOpen();
    const id = this.nextId++;
    const settled = new Promise<void>((settle) => this.pending.set(id, { chunk, fedMs: this.options.now(), settle }));
    const { source, behind, bytes, oversized } = chunk;
    this.lines += oversized;
    this.skip('too_long', oversized);
    const secondMax = Math.floor(this.options.now() / 1000) + FUTURE_SECONDS_MAX;
    const parsing = this.parse({ log, bytes, secondMax });
    const handover = Promise.all([parsing, this.tails.get(source)]).then(([parsed]) => {
      this.count(parsed);
      this.options.onParsed?.(chunk, parsed);
      const transferList = [parsed.bytes.buffer, parsed.rows.buffer];
      const { writtenMs } = chunk.position;
      return { done: this.send({ kind: 'ingest', source, log, id, parsed, more: behind, writtenMs }, transferList) };
    });
    this.tails.set(source, handover);
    await (await handover).done;
    await settled;
  }

  /** Milliseconds that the oldest chunk has been under way; 0 without one. */
  waitingMs(): number {
    const [oldest] = this.pending.values();
    return oldest ? this.options.now() - oldest.fedMs : 0;
  }

  /** Judges everything that was fed, without waiting for more of any source. */
  async drain(): Promise<void> {
    await Promise.all(this.tails.values());
    await this.send({ kind: 'flush' });
  }

  /** No more chunks of a source are to come: others need not wait for it. */
  async finish(source: number): Promise<void> {
    await this.tails.get(source);
    await this.send({ kind: 'finish', source });
  }

  /** Sends a task to the traffic thread and hands on what it tells. */
  async send(task: TrafficTask, transferList: ArrayBuffer[] = []): Promise<TrafficResult> {
    this.requireOpen();
    this.tasks++;
    const result: TrafficResult = await this.traffic.run(task, { transferList });
    this.second = result.second;
    const settled: Pending[] = [];
    for (const id of result.consumed) {
      const pending = this.pending.get(id);
      this.pending.delete(id);
      if (pending) settled.push(pending);
    }
    if (result.events.length > 0 || settled.length > 0) {
      this.options.onEvents(
        result.events,
        settled.map(({ chunk }) => chunk),
      );
    }
    if (result.robotClaims) this.options.onRobotClaims?.(result.robotClaims);
    for (const { settle } of settled) settle();
    return result;
  }

  /** What was read so far does not count: the numbers of lines begin at nothing again. */
  forgetCounts(): void {
    this.lines = 0;
    for (const reason of SKIP_REASONS) this.skipped[reason] = 0;
  }

  /** Ends the threads, whatever they are doing: `drain` first. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([this.parsing?.destroy(), this.traffic.destroy()]);
  }

  /** The pools would start threads that nobody ends. */
  private requireOpen(): void {
    if (this.isClosed) throw new Error('the pipeline is closed');
  }

  private async parse(task: ParseTask): Promise<Parsed> {
    const { parsing } = this;
    const { log, bytes, secondMax } = task;
    const parser = this.parsersHere[log];
    if (parser && (!parsing || bytes.length <= HERE_BYTES_MAX || !this.hasThread(parsing, task)))
      return { ...parser.parse(bytes, secondMax), bytes };
    if (!parsing) throw new Error(`no log number ${log}`);
    return parsing.run(task, { transferList: [bytes.buffer] });
  }

  /** Starts a parse thread where there is none: what comes until it answers need not wait for it. */
  private hasThread(parsing: Piscina, task: ParseTask): boolean {
    if (parsing.threads.length > 0) return this.isThreadReady;
    this.isThreadReady = false;
    parsing.run({ ...task, bytes: new Uint8Array() }).then(
      () => (this.isThreadReady = true),
      // The pipeline was closed meanwhile, or the next chunk fails alike.
      () => {},
    );
    return false;
  }

  private count(parsed: Parsed): void {
    this.lines += parsed.lines;
    for (const [index, reason] of SKIP_REASONS.entries()) this.skip(reason, parsed.skipped[index] ?? 0);
  }

  private skip(reason: SkipReason, count: number): void {
    this.skipped[reason] = (this.skipped[reason] ?? 0) + count;
  }
}
