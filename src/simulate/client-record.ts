import type { AccessEvent, AttackKind, Role } from './access-event.ts';

/** An attacker silent for so long starts a new burst. */
const BURST_GAP_MS = 600_000;
const SIGN_IN: ReadonlySet<AttackKind> = new Set(['login', 'xmlrpc']);

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

  constructor(event: AccessEvent) {
    this.ip = event.from.ip;
    this.role = event.from.role;
    this.firstMs = event.timeMs;
    this.lastMs = event.timeMs;
  }

  add(event: AccessEvent): void {
    this.requests++;
    if (event.status >= 400) this.errors++;
    this.perMinute.add(event.timeMs);
    this.lastMs = event.timeMs;
  }
}

/** What attackers are measured by. */
export class AttackRecord extends ClientRecord {
  readonly attack: AttackKind;
  readonly perTenSeconds = new Peak(10_000);
  readonly errorsPerMinute = new Peak(60_000);
  readonly signInsPerTenMinutes = new Peak(600_000);
  readonly bursts: { startMs: number; endMs: number; n: number }[] = [];

  constructor(event: AccessEvent, attack: AttackKind) {
    super(event);
    this.attack = attack;
  }

  override add(event: AccessEvent): void {
    const isAfterGap = event.timeMs - this.lastMs > BURST_GAP_MS;
    super.add(event);
    this.perTenSeconds.add(event.timeMs);
    if (event.status >= 400) this.errorsPerMinute.add(event.timeMs);
    if (event.method === 'POST' && SIGN_IN.has(this.attack)) this.signInsPerTenMinutes.add(event.timeMs);
    const burst = this.bursts.at(-1);
    if (!burst || isAfterGap) this.bursts.push({ startMs: event.timeMs, endMs: event.timeMs, n: 1 });
    else {
      burst.endMs = event.timeMs;
      burst.n++;
    }
  }
}
