/** An engine with the default configuration, as `zban replay` has it, fed from memory. */

import { configSchema } from '../../src/config/schema.ts';
import { Engine } from '../../src/engine/engine.ts';
import type { BanEvent, EngineEvent } from '../../src/model/told-event.ts';
import { type Prefix, parsePrefix } from '../../src/net/prefix.ts';
import { Parser } from '../../src/parse/parser.ts';
import type { SwarmOptions } from '../../src/settings/engine-settings.ts';
import { Merge, type Parcel } from '../../src/traffic/merge.ts';
import { tellEvent } from '../../src/workers/tell-event.ts';
import { workerSetup } from '../../src/workers/worker-setup.ts';
import { NEVER } from '../support/parse.ts';

/** The search engine of the trials is what it says when it comes from here (RFC 5737). */
export const ROBOT_NETWORK = '203.0.113.';
const ROBOT_NETWORKS = [{ name: 'Googlebot', prefix: parsePrefix(`${ROBOT_NETWORK}0/24`) as Prefix }];

const { engine: engineOptions, parsers } = workerSetup(configSchema.parse({}));

export class Bench {
  readonly bans: BanEvent[] = [];
  readonly engine: Engine;
  private readonly parser: Parser;

  constructor(swarm: Partial<SwarmOptions> = {}, hear: (event: EngineEvent) => void = () => {}) {
    if (!parsers[0]) throw new TypeError('the default configuration has no log');
    const parser = new Parser(parsers[0]);
    this.parser = parser;
    this.engine = new Engine(
      { ...engineOptions, swarm: { ...engineOptions.swarm, ...swarm } },
      parser.reader,
      (found) => {
        const event = tellEvent(found);
        if (event.event === 'ban') this.bans.push(event);
        hear(event);
      },
    );
    this.engine.robots.setNetworks(ROBOT_NETWORKS);
  }

  parse(source: number, lines: readonly string[]): Parcel {
    const bytes = Buffer.from(lines.join(''));
    const tally = this.parser.parse(bytes, NEVER);
    if (tally.count !== lines.length) throw new Error(`${lines.length - tally.count} lines of a trial make no sense`);
    return { source, bytes, tally };
  }

  /** Judges the requests of all parcels, each a source of its own, in log time. */
  run(parcels: readonly Parcel[]): void {
    const merge = new Merge(({ source, bytes, tally }, from, to) => this.engine.ingest(source, bytes, tally, from, to));
    for (const { source } of parcels) merge.expect(source);
    for (const parcel of parcels) merge.push(parcel, true);
    merge.flush();
    const { late } = this.engine.order;
    if (late > 0) throw new Error(`${late} lines of a trial were late`);
  }
}
