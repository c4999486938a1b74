/** The default configuration at work on simulated requests, as `zban replay` has it. */

import { configSchema } from '../../src/config/schema.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { BanEvent, GlobalAnomalyEvent } from '../../src/model/told-event.ts';
import { Parser } from '../../src/parse/parser.ts';
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import { formatLine } from '../../src/simulate/format.ts';
import { tellEvent } from '../../src/workers/tell-event.ts';
import { workerSetup } from '../../src/workers/worker-setup.ts';
import { NEVER } from '../support/parse.ts';

const CHUNK_BYTES = 1 << 18;
/** More than a simulated line takes. */
const LINE_BYTES_MAX = 1 << 14;

/** One for each chunk: the engine keeps the last ones, for evidence. */
const newChunk = () => Buffer.allocUnsafeSlow(CHUNK_BYTES + LINE_BYTES_MAX);

export class Judge {
  readonly bans: BanEvent[] = [];
  /** Times at which the fuse stopped all banning. */
  readonly fuses: string[] = [];
  readonly anomalies: GlobalAnomalyEvent[] = [];
  readonly engine: Engine;
  private readonly parser: Parser;

  constructor() {
    const { engine, parsers } = workerSetup(configSchema.parse({}));
    if (!parsers[0]) throw new TypeError('the default configuration has no log');
    const parser = new Parser(parsers[0]);
    this.parser = parser;
    this.engine = new Engine(engine, parser.reader, (found) => {
      const event = tellEvent(found);
      if (event.event === 'ban') this.bans.push(event);
      else if (event.event === 'fuse') this.fuses.push(`${event.time} ${event.phase}: ${event.detail}`);
      if (event.event === 'global_anomaly') this.anomalies.push(event);
    });
  }

  /** Requests in order of time. */
  feed(events: Iterable<AccessEvent>): void {
    let [chunk, end] = [newChunk(), 0];
    for (const event of events) {
      end += chunk.write(formatLine(event, 'json'), end);
      if (end < CHUNK_BYTES) continue;
      this.feedLines(chunk.subarray(0, end));
      [chunk, end] = [newChunk(), 0];
    }
    this.feedLines(chunk.subarray(0, end));
  }

  /** Whole lines of a log, in order of time; says how many of them made sense. */
  feedLines(bytes: Uint8Array): number {
    const tally = this.parser.parse(bytes, NEVER);
    this.engine.ingest(0, bytes, tally, 0, tally.count);
    return tally.count;
  }
}
