/** How decisions of several hosts become one: of bans the later end holds, and a person's release ends what is older. */
import { isInForce } from '../model/reconcile.ts';
import { setNewest } from '../net/newest-entries.ts';
import { coveringTexts, type Prefix, parsePrefix, prefixContains } from '../net/prefix.ts';
import type { Order } from './order.ts';

/** Ends this near one another are one ban: two hosts that judge the same client at once end it a moment apart. */
export const SAME_END_MS = 5000;
/** A panic lifts all bans. */
export const EVERYBODY = ['0.0.0.0/0', '::/0'];
/** Releases remembered, the newest. */
const RELEASES_MAX = 10_000;

/** True when a ban that ends at `known` makes one that ends at `asked` no news; null is permanent. */
export function isCovered(asked: number | null, known: number | null): boolean {
  return known === null || (asked !== null && asked <= known + SAME_END_MS);
}

/** Bans that people lifted, by when: what was decided before does not count, however late it arrives. */
export class Releases {
  private readonly times = new Map<string, number>();
  private newestMs = Number.NEGATIVE_INFINITY;

  /** Notes that the bans of `target` were lifted at `atMs`; false when a later release is known. */
  note(target: string, atMs: number): boolean {
    const before = this.times.get(target);
    if (before !== undefined && before >= atMs) return false;
    setNewest(this.times, target, atMs, RELEASES_MAX);
    this.newestMs = Math.max(this.newestMs, atMs);
    return true;
  }

  /** True when a ban decided at `atMs` was lifted since: one of exactly this network, of one around it, or of a part. */
  ends(prefix: Prefix, atMs: number): boolean {
    if (atMs > this.newestMs) return false;
    for (const name of coveringTexts(prefix)) if ((this.times.get(name) ?? -1) >= atMs) return true;
    // Anyone who is released is released from wider bans, too. Most bans are of one client: nobody is inside.
    if (prefix.bits === (prefix.family === 4 ? 32 : 128)) return false;
    for (const [target, releasedMs] of this.times) {
      if (releasedMs < atMs) continue;
      const inner = parsePrefix(target);
      if (inner && inner.family === prefix.family && prefixContains(prefix, inner)) return true;
    }
    return false;
  }
}

/** What this host knows about the target of a proposed ban. */
export interface Known {
  readonly nowMs: number;
  /** End of the ban in force of exactly this target; undefined without one. */
  readonly activeUntilMs: number | null | undefined;
  readonly releases: Releases;
}

/** Why a proposed ban changes nothing here; undefined when it is to be judged. All times by one clock. */
export function findIdle(
  { untilMs, atMs }: Pick<Order, 'untilMs' | 'atMs'>,
  prefix: Prefix,
  { nowMs, activeUntilMs, releases }: Known,
): 'over' | 'covered' | 'released' | undefined {
  if (!isInForce(untilMs, nowMs)) return 'over';
  if (releases.ends(prefix, atMs)) return 'released';
  if (activeUntilMs !== undefined && isCovered(untilMs, activeUntilMs)) return 'covered';
  return undefined;
}
