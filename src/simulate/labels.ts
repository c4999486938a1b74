/** Labels a simulated log: who attacked, who is honest though busy, who does not count either way. */
import { type AccessEvent, isAttack, type Role } from './access-event.ts';
import { SITUATIONS } from './attacks/situations.ts';
import { ClientRecord } from './client-record.ts';

/** The file of labels: that of hand-labelled real logs, so that one scorer serves both. */
export type Labels = ReturnType<Labeller['labels']>;

/** An honest client with so many requests in some minute is worth naming. */
const HEAVY_PER_MINUTE = 60;

/**
 * Watches the requests of a simulation go by and labels their senders. An attacker among honest people behind one address
 * is measured by its own requests, and its address is an attacker's.
 */
export class Labeller {
  readonly #honest = new Map<string, ClientRecord>();
  readonly #attackers = new Map<string, ClientRecord>();
  readonly #ips = new Set<string>();
  readonly #status = new Map<number, number>();
  #lines = 0;
  #firstMs = 0;
  #lastMs = 0;
  readonly #second = { at: -1, n: 0, max: 0 };
  readonly #minute = { at: -1, n: 0, max: 0 };

  /** Requests must come in order of time. */
  add(event: AccessEvent): void {
    this.#recordOf(event).add(event);
    this.#ips.add(event.from.ip);
    this.#status.set(event.status, (this.#status.get(event.status) ?? 0) + 1);
    if (this.#lines++ === 0) this.#firstMs = event.timeMs;
    this.#lastMs = event.timeMs;
    count(this.#second, Math.floor(event.timeMs / 1000));
    count(this.#minute, Math.floor(event.timeMs / 60_000));
  }

  /** The labels of everything seen so far. Times are epoch seconds. */
  labels(description: string) {
    const honest = [...this.#honest].filter(([client]) => !this.#attackers.has(client));
    const heavy = honest
      .filter(([, { perMinute, role }]) => role !== 'prober' && perMinute.max >= HEAVY_PER_MINUTE)
      .map(([client, record]) => benign(client, record))
      .sort((left, right) => right.peak_60s - left.peak_60s);
    return {
      description,
      stats: this.#stats(),
      how_to_use:
        'attackers: tier loud must be found, moderate should be, stealth is below what a rate can see. benign_heavy and any client not named: a ban is false. minor_probers count neither way.',
      attackers: [...this.#attackers].map(([client, record]) => attacker(client, record, this.#honest.has(client))),
      benign_heavy: heavy,
      ambiguous: [] as ReturnType<typeof benign>[],
      minor_probers: honest.filter(([, { role }]) => role === 'prober').map(([, { ip }]) => ip),
      global_events: siteEvents([...this.#attackers.values(), ...this.#honest.values()]),
    };
  }

  #recordOf(event: AccessEvent): ClientRecord {
    const { client, role } = event.from;
    const side = isAttack(role) ? this.#attackers : this.#honest;
    const record = side.get(client) ?? new ClientRecord(event);
    side.set(client, record);
    return record;
  }

  #stats() {
    const spanMs = this.#lastMs - this.#firstMs;
    const mostFrequent = [...this.#status].sort((left, right) => right[1] - left[1]);
    return {
      lines: this.#lines,
      first: this.#firstMs / 1000,
      last: this.#lastMs / 1000,
      span_hours: round(spanMs / 3_600_000, 1),
      ips: this.#ips.size,
      rps_mean: spanMs > 0 ? round(this.#lines / (spanMs / 1000), 3) : 0,
      // Of the busiest second and the busiest minute of the clock.
      rps_max: this.#second.max,
      rpm_max: this.#minute.max,
      status: Object.fromEntries(mostFrequent) as Readonly<Record<string, number>>,
    };
  }
}

function count(counter: { at: number; n: number; max: number }, at: number): void {
  counter.n = counter.at === at ? counter.n + 1 : 1;
  counter.at = at;
  counter.max = Math.max(counter.max, counter.n);
}

/** `shared`: honest people have the same address. */
function attacker(client: string, record: ClientRecord, shared: boolean) {
  const { role: attack, bursts, errorsPerMinute, perMinute, perTenSeconds, signInsPerTenMinutes } = record;
  return {
    // The first address seen; an IPv6 attacker is its whole network, `client`.
    ip: record.ip,
    client,
    // As real logs' labels name it, and as `--attacks` does.
    kind: isAttack(attack) ? SITUATIONS[attack].label : attack,
    attack,
    shared,
    tier: tierOf(record),
    first: record.firstMs / 1000,
    last: record.lastMs / 1000,
    requests: record.requests,
    peak_60s: perMinute.max,
    peak_10s: perTenSeconds.max,
    errors: record.errors,
    bursts: bursts.map(({ startMs, endMs, n }) => ({ start: startMs / 1000, end: endMs / 1000, n })),
    evidence: `simulated ${attack}; errors ${errorsPerMinute.max}/min, sign-ins ${signInsPerTenMinutes.max}/10min at most`,
  };
}

/** `loud`: at least 60 requests or 30 errors a minute, or 60 sign-in POSTs in ten; `moderate`: a third of that; `stealth`: less. */
function tierOf({ perMinute, errorsPerMinute, signInsPerTenMinutes }: ClientRecord): 'loud' | 'moderate' | 'stealth' {
  const measure = Math.max(perMinute.max / 60, errorsPerMinute.max / 30, signInsPerTenMinutes.max / 60);
  return measure >= 1 ? 'loud' : measure >= 1 / 3 ? 'moderate' : 'stealth';
}

function benign(client: string, record: ClientRecord) {
  const { ip, perMinute, requests, role } = record;
  return { ip, client, why: `simulated ${role}, ${record.errors} errors`, n: requests, peak_60s: perMinute.max };
}

/** What the site as a whole has to bear, by role. */
const SITE_EVENTS: readonly { role: Role; kind: string; note: string }[] = [
  { role: 'distributed', kind: 'distributed flood', note: 'clients, none of them conspicuous' },
  { role: 'distributed-near', kind: 'distributed flood', note: 'clients of a few networks, none of them conspicuous' },
  { role: 'distributed-random', kind: 'distributed flood', note: 'clients, every query another' },
  { role: 'flash-crowd', kind: 'flash crowd (honest visitors, not an attack)', note: 'clients of one newsletter' },
];

function siteEvents(clients: readonly ClientRecord[]) {
  return SITE_EVENTS.flatMap(({ role, kind, note }) => {
    const own = clients.filter((record) => record.role === role);
    if (own.length === 0) return [];
    const start = own.reduce((least, { firstMs }) => Math.min(least, firstMs), Number.POSITIVE_INFINITY) / 1000;
    const end = own.reduce((most, { lastMs }) => Math.max(most, lastMs), 0) / 1000;
    return [{ start, end, kind, note: `${own.length} ${note}` }];
  });
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
