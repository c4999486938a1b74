/** What stands in the way of a host's part in its fleet, told once. */
import { type Link, SILENT_MS } from '../../fleet/link.ts';
import { CLOCK_OFF_MS } from '../../model/fleet.ts';
import { formatSecond } from '../../model/time.ts';
import type { Troubles } from '../troubles.ts';
import { AWAY, CLOCK, FLEET_KEYS, TWIN } from './fleet-keys.ts';

export class FleetTroubles {
  private readonly troubles: Pick<Troubles, 'begin' | 'looked'>;
  private readonly host: string;
  private readonly elapsed: () => number;
  private cause = '';
  /** Since when the server answers, until that has lasted. */
  private upMs: number | undefined;

  /** `elapsed`: milliseconds since any moment. */
  constructor(troubles: Pick<Troubles, 'begin' | 'looked'>, host: string, elapsed: () => number) {
    this.troubles = troubles;
    this.host = host;
    this.elapsed = elapsed;
  }

  /** The server is away since `sinceMs`. */
  noteDown(sinceMs: number, cause: string): void {
    this.upMs = undefined;
    this.cause = cause;
    const what = `the fleet's server is away since ${iso(sinceMs)}: this host judges alone, and says later what it decided (${cause})`;
    this.troubles.begin(AWAY, what, 'zban doctor looks at the server');
  }

  /** It answers again: that is news once it lasts. A Cluster that lacks a master comes and goes every other second. */
  noteUp(sinceMs: number, nowMs: number): void {
    this.upMs = this.elapsed();
    this.troubles.begin(AWAY, `the fleet's server was away from ${iso(sinceMs)} to ${iso(nowMs)} (${this.cause})`);
  }

  /** To be called each second while the server answers. */
  check({ aheadMs, hasTwin }: Pick<Link, 'aheadMs' | 'hasTwin'>): void {
    // That it was away may have been said before a reload.
    this.upMs ??= this.elapsed();
    if (this.elapsed() - this.upMs >= SILENT_MS) this.troubles.looked(AWAY, undefined);
    // Times in the fleet are the server's: a clock that is off hurts here alone, and is reported.
    const off = `this host's clock is ${(Math.abs(aheadMs) / 1000).toFixed(1)} s off the fleet's`;
    const isOff = Math.abs(aheadMs) > CLOCK_OFF_MS;
    this.troubles.looked(CLOCK, isOff ? off : undefined, 'set it by NTP: timedatectl set-ntp true');
    // Hosts of one name count as one, so that each leaves more unreported than it may.
    const twin = `another host of the fleet calls itself ${this.host}, too`;
    this.troubles.looked(TWIN, hasTwin ? twin : undefined, 'give each host a fleet.host of its own in config.yaml');
  }

  /** This host has left. */
  end(): void {
    for (const trouble of FLEET_KEYS) this.troubles.looked(trouble, undefined);
  }
}

const iso = (ms: number): string => formatSecond(Math.floor(ms / 1000));
