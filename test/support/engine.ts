/** Engines for tests, with the configuration's defaults. */

import { configSchema } from '../../src/config/schema.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { EngineEvent } from '../../src/model/told-event.ts';
import { Parser, type ParserOptions } from '../../src/parse/parser.ts';
import type { EngineOptions } from '../../src/settings/engine-settings.ts';
import { tellEvent } from '../../src/workers/tell-event.ts';
import { bytesOf, NEVER, PARSER } from './parse.ts';

/** Parts of the engine's options; sections are merged, not replaced. */
export interface Overrides {
  readonly profile?: EngineOptions['profile'];
  readonly detection?: Partial<EngineOptions['detection']>;
  readonly baseline?: Partial<EngineOptions['baseline']>;
  readonly bans?: Partial<EngineOptions['bans']>;
  readonly swarm?: Partial<EngineOptions['swarm']>;
  readonly history?: boolean;
  readonly hashKey?: number;
}

const { profile, detection, baseline, bans, swarm } = configSchema.parse({});

/** The defaults. */
export const ENGINE: EngineOptions = { profile, detection, baseline, bans, swarm };

/** The rules of the window alone, with floors so low that short stories show what they do. */
export const WINDOW_ALONE: Pick<EngineOptions['detection'], 'points' | 'min_requests' | 'error_surge'> = {
  points: { ...ENGINE.detection.points, enabled: false },
  min_requests: 120,
  error_surge: { ...ENGINE.detection.error_surge, min_errors: 15, min_requests: 20 },
};

/** Options for stories about the window, unless they ask for points. */
export function engineOptions(overrides: Overrides = {}): EngineOptions {
  return {
    profile: overrides.profile ?? ENGINE.profile,
    detection: { ...ENGINE.detection, ...WINDOW_ALONE, ...overrides.detection },
    baseline: { ...ENGINE.baseline, ...overrides.baseline },
    bans: { ...ENGINE.bans, ...overrides.bans },
    swarm: { ...ENGINE.swarm, ...overrides.swarm },
    history: overrides.history ?? false,
    hashKey: overrides.hashKey ?? 0,
  };
}

/** Parser and engine in one thread; keeps what the engine tells. */
export class Bench {
  readonly engine: Engine;
  readonly events: EngineEvent[] = [];
  private readonly parser: Parser;

  constructor(overrides: Overrides = {}, parser: Partial<ParserOptions> = {}) {
    this.parser = new Parser({ ...PARSER, ...parser });
    this.engine = new Engine(engineOptions(overrides), this.parser.reader, (event) =>
      this.events.push(tellEvent(event)),
    );
  }

  /** Whole lines as one chunk. */
  feedBytes(bytes: Uint8Array): void {
    this.ingest(0, bytes);
  }

  feed(...lines: readonly string[]): void {
    if (lines.length > 0) this.feedBytes(bytesOf(`${lines.join('\n')}\n`));
  }

  /** Lines of one log of several. */
  feedFrom(source: number, ...lines: readonly string[]): void {
    this.ingest(source, bytesOf(lines.map((line) => `${line}\n`).join('')));
  }

  private ingest(source: number, bytes: Uint8Array): void {
    const tally = this.parser.parse(bytes, NEVER);
    this.engine.ingest(source, bytes, tally, 0, tally.count);
  }

  of<K extends EngineEvent['event']>(kind: K): Extract<EngineEvent, { event: K }>[] {
    return this.events.filter((event): event is Extract<EngineEvent, { event: K }> => event.event === kind);
  }
}

/** `lines` cut into chunks of whole lines with at least `chunkBytes` each. */
export function* chunked(lines: readonly string[], chunkBytes: number): Generator<Uint8Array<ArrayBuffer>> {
  if (lines.length === 0) return;
  const all = bytesOf(`${lines.join('\n')}\n`);
  for (let [from, end] = [0, 0]; from < all.length; from = end) {
    // Without another line feed the rest is the last chunk.
    end = all.indexOf(0x0a, from + chunkBytes - 1) + 1 || all.length;
    yield all.slice(from, end);
  }
}
