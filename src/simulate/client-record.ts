import type { AccessEvent, Role } from './access-event.ts';

/** An attacker silent for so long starts a new burst. */
const BURST_GAP_MS = 600_000;
const SIGN_IN: ReadonlySet<Role> = new Set(['login', 'xmlrpc']);

/** The most events within any span of `windowMs`: a span holds both of two events less than `windowMs` apart. */
export class Peak {
  readonly #windowMs: number;
  #times: number[] = [];
  #oldest = 0;
  max = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Times must not fall. */
  add(timeMs: number): void {
    this.#times.push(timeMs);
    while ((this.#times[this.#oldest] ?? timeMs) <= timeMs - this.#windowMs) this.#oldest++;
    this.max = Math.max(this.max, this.#times.length - this.#oldest);
    if (this.#oldest > 256 && this.#oldest * 2 > this.#times.length) {
      this.#times = this.#times.slice(this.#oldest);
      this.#oldest = 0;
    }
  }
}

/** What is known of one client's requests of one side: the honest ones, or those of its attack. */
export class ClientRecord {
  readonly ip: string;
  readonly role: Role;
  readonly firstMs: number;
  lastMs: number;
  requests = 0;
  errors = 0;
  readonly perMinute = new Peak(60_000);
  readonly perTenSeconds = new Peak(10_000);
  readonly errorsPerMinute = new Peak(60_000);
  readonly signInsPerTenMinutes = new Peak(600_000);
  readonly bursts: { startMs: number; endMs: number; n: number }[] = [];

  constructor(event: AccessEvent) {
    this.ip = event.from.ip;
    this.role = event.from.role;
    this.firstMs = event.timeMs;
    this.lastMs = event.timeMs;
  }

  add({ timeMs, status, method }: AccessEvent): void {
    const isAfterGap = timeMs - this.lastMs > BURST_GAP_MS;
    this.lastMs = timeMs;
    this.requests++;
    this.perMinute.add(timeMs);
    this.perTenSeconds.add(timeMs);
    if (method === 'POST' && SIGN_IN.has(this.role)) this.signInsPerTenMinutes.add(timeMs);
    if (status >= 400) {
      this.errors++;
      this.errorsPerMinute.add(timeMs);
    }
    const burst = this.bursts.at(-1);
    if (!burst || isAfterGap) this.bursts.push({ startMs: timeMs, endMs: timeMs, n: 1 });
    else {
      burst.endMs = timeMs;
      burst.n++;
    }
  }
}
