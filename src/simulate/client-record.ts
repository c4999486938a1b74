import { type AccessEvent, isAttack, type Role } from './access-event.ts';

/** An attacker silent for so long starts a new burst. */
const BURST_GAP_MS = 600_000;

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

/** What is known of one client. */
export class ClientRecord {
  readonly ip: string;
  readonly role: Role;
  readonly firstMs: number;
  lastMs: number;
  requests = 0;
  errors = 0;
  readonly perMinute = new Peak(60_000);
  readonly attack: AttackPeaks | undefined;

  constructor(event: AccessEvent) {
    this.ip = event.from.ip;
    this.role = event.from.role;
    this.firstMs = event.timeMs;
    this.lastMs = event.timeMs;
    this.attack = isAttack(this.role) ? new AttackPeaks() : undefined;
  }

  add(event: AccessEvent): void {
    this.requests++;
    if (event.status >= 400) this.errors++;
    this.perMinute.add(event.timeMs);
    this.attack?.add(event, event.timeMs - this.lastMs > BURST_GAP_MS);
    this.lastMs = event.timeMs;
  }
}

/** What only attackers are measured by. */
class AttackPeaks {
  readonly perTenSeconds = new Peak(10_000);
  readonly errorsPerMinute = new Peak(60_000);
  readonly signInsPerTenMinutes = new Peak(600_000);
  readonly bursts: { startMs: number; endMs: number; n: number }[] = [];

  add(event: AccessEvent, isAfterGap: boolean): void {
    this.perTenSeconds.add(event.timeMs);
    if (event.status >= 400) this.errorsPerMinute.add(event.timeMs);
    if (event.from.role === 'login') this.signInsPerTenMinutes.add(event.timeMs);
    const burst = this.bursts.at(-1);
    if (!burst || isAfterGap) this.bursts.push({ startMs: event.timeMs, endMs: event.timeMs, n: 1 });
    else {
      burst.endMs = event.timeMs;
      burst.n++;
    }
  }
}
