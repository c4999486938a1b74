/** Which requests the bans and lanes among some events stop. */
import type { EngineEvent } from '../../../src/model/told-event.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../../src/net/prefix.ts';
import { PrefixTable } from '../../../src/net/prefix-table.ts';
import { createLaneMatcher } from '../../../src/parse/lane-matcher.ts';
import type { AccessEvent } from '../../../src/simulate/access-event.ts';

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

interface Banned {
  readonly prefix: Prefix;
  readonly spans: Span[];
}

interface Lane {
  readonly id: string;
  readonly matches: ReturnType<typeof createLaneMatcher>;
  readonly startMs: number;
  endMs: number;
}

export class Stops {
  readonly acts: string[] = [];
  private readonly table: PrefixTable<Banned>;
  private readonly lanes: Lane[] = [];

  constructor(events: readonly EngineEvent[]) {
    const banned = new Map<string, Banned>();
    for (const event of events) {
      if (event.event === 'ban') {
        const prefix = parsePrefix(event.ip);
        if (!prefix) throw new TypeError(`no address: ${event.ip}`);
        const startMs = Date.parse(event.time);
        const endMs =
          event.duration_seconds === null ? Number.POSITIVE_INFINITY : startMs + 1000 * event.duration_seconds;
        const name = formatPrefix(prefix);
        const { spans }: Banned = banned.get(name) ?? { prefix, spans: [] };
        spans.push({ startMs: afterSecond(startMs), endMs });
        banned.set(name, { prefix, spans });
        this.acts.push(`${event.condition} ${name}`);
      }
      if (event.event !== 'lane') continue;
      if (event.phase === 'end') {
        for (const lane of this.lanes) if (lane.id === event.id) lane.endMs = Date.parse(event.time);
        continue;
      }
      const startMs = afterSecond(Date.parse(event.time));
      this.lanes.push({
        id: event.id,
        matches: createLaneMatcher(event.match),
        startMs,
        endMs: Number.POSITIVE_INFINITY,
      });
      this.acts.push(`lane ${JSON.stringify(event.match)}`);
    }
    this.table = new PrefixTable(banned.values());
  }

  isStopped({ timeMs, from, method, path, referer }: AccessEvent): boolean {
    const isOn = ({ startMs, endMs }: Span) => timeMs >= startMs && timeMs < endMs;
    const lanes = this.lanes.filter(isOn);
    const record = {
      ...{ source_ip: from.ip, method, path },
      ...(from.userAgent !== '' && { user_agent: from.userAgent }),
      ...(referer !== '' && { referer }),
    };
    if (lanes.some(({ matches }) => matches(record))) return true;
    const client = parsePrefix(from.ip);
    return client !== undefined && this.table.containing(client).some(({ spans }) => spans.some(isOn));
  }
}

/** Which of a second's requests came before the decision nobody knows: none of them counts as stopped. */
const afterSecond = (ms: number): number => ms + 1000;
