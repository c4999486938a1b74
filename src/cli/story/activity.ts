/** What a client did over some time, added up from its lines; their order makes no difference. */

import type { TopEntry } from '../../model/event.ts';
import { formatSecond } from '../../model/time.ts';
import type { Sample } from '../../model/told-event.ts';
import { toTold } from '../../model/told-event.ts';
import { type LogRecord, requestOf } from '../../parse/record.ts';
import { cleanText, toSample } from '../../traffic/evidence.ts';

const TOP = 3;
const SAMPLES = 5;
const MINUTE = 60;
/** Different paths, user agents and addresses told apart, of each; what comes beyond is counted as one. */
const NAMES_MAX = 20_000;

/** Answers by the first digit of their status; `other` are those that no client got (499) and lines without a status. */
export type Answers = Readonly<Record<'2xx' | '3xx' | '4xx' | '5xx' | 'other', number>>;

export interface ActivitySummary {
  readonly requests: number;
  readonly answers: Answers;
  /** RFC 3339. */
  readonly first: string;
  readonly last: string;
  /** The calendar minute with most requests. */
  readonly busiest_minute: { readonly time: string; readonly requests: number };
  /** Different methods and paths (without their queries), user agents and addresses; at most 20,000 are told apart. */
  readonly paths: number;
  readonly user_agents: number;
  readonly addresses: number;
  readonly top_paths: readonly TopEntry[];
  readonly top_user_agents: readonly TopEntry[];
  readonly top_addresses: readonly TopEntry[];
  /** Its newest requests, oldest first. */
  readonly samples: readonly Sample[];
}

export class Activity {
  private requests = 0;
  private first = Number.POSITIVE_INFINITY;
  private last = 0;
  private readonly answers = { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, other: 0 };
  private readonly minutes = new Map<number, number>();
  private readonly paths = new Names();
  private readonly agents = new Names();
  private readonly addresses = new Names();
  private newest: { second: number; record: LogRecord }[] = [];

  /** Adds the request of epoch second `second` whose line reads `record`. */
  add(second: number, record: LogRecord): void {
    this.requests++;
    this.first = Math.min(this.first, second);
    this.last = Math.max(this.last, second);
    this.answers[answerOf(record.status)]++;
    const minute = second - (second % MINUTE);
    this.minutes.set(minute, (this.minutes.get(minute) ?? 0) + 1);
    const { method, path } = requestOf(record);
    this.paths.add(`${method} ${path.split('?', 1)[0]}`);
    this.agents.add(record.user_agent ?? '');
    this.addresses.add(record.source_ip ?? '');
    const oldest = this.newest[0];
    if (this.newest.length === SAMPLES && oldest && second < oldest.second) return;
    this.newest.push({ second, record });
    this.newest.sort((a, b) => a.second - b.second);
    if (this.newest.length > SAMPLES) this.newest.shift();
  }

  /** Undefined when there was no request. */
  summary(): ActivitySummary | undefined {
    if (this.requests === 0) return undefined;
    const { requests, answers, paths, agents, addresses } = this;
    const [busiest, most] = [...this.minutes].reduce((a, b) => (b[1] > a[1] ? b : a));
    return {
      requests,
      answers: { ...answers },
      first: formatSecond(this.first),
      last: formatSecond(this.last),
      busiest_minute: { time: formatSecond(busiest), requests: most },
      paths: paths.different,
      user_agents: agents.different,
      addresses: addresses.different,
      top_paths: paths.top(requests),
      top_user_agents: agents.top(requests),
      top_addresses: addresses.top(requests),
      samples: this.newest.map(({ second, record }) => toTold(toSample(record, second))),
    };
  }
}

function answerOf(status: string | undefined): keyof Answers {
  if (status === undefined || status === '499' || !/^[2-5]\d\d$/.test(status)) return 'other';
  return `${status[0]}xx` as keyof Answers;
}

/** How often each of a bounded number of names came. */
class Names {
  private readonly counts = new Map<string, number>();

  get different(): number {
    return this.counts.size;
  }

  add(name: string): void {
    const count = this.counts.get(name);
    if (count !== undefined) this.counts.set(name, count + 1);
    else if (this.counts.size < NAMES_MAX) this.counts.set(name, 1);
  }

  top(requests: number): TopEntry[] {
    return [...this.counts]
      .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      .slice(0, TOP)
      .map(([name, count]) => ({ name: cleanText(name), requests: count, share: count / requests }));
  }
}
