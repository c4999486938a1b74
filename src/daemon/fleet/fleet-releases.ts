/**
 * What becomes of a release where this host has no such ban: other hosts of the fleet may have one. It has no row in the trail, so
 * that the database keeps it until the server has taken it.
 */
import type { TargetResult } from '../../control/protocol.ts';
import { formatOrder, parseOrder } from '../../fleet/entry.ts';
import type { Link } from '../../fleet/link.ts';
import { findActive } from '../../fleet/stream.ts';
import { isList, isText } from '../../model/shape.ts';
import { coveringTexts, formatPrefix, type Prefix } from '../../net/prefix.ts';
import type { Order } from '../../share/order.ts';
import { targetResult } from '../orders/order-answers.ts';
import { readState, type States, stateOf } from '../saved-state.ts';

/** Under which the database keeps those that wait, and how many: the newest. */
const STATE_KEY = 'fleet releases';
const KEPT_MAX = 10_000;

export const readReleases = (trail: { readonly loadState: (key: string) => Uint8Array | undefined }): Order[] =>
  (readState(trail.loadState(STATE_KEY), isList(isText)) ?? []).flatMap((text) => parseOrder(text) ?? []);

export const releasesState = (orders: Iterable<Order>): States =>
  stateOf(STATE_KEY, [...orders].slice(-KEPT_MAX).map(formatOrder));

/** Targets that the server is asked about; of more it is only said that they are lifted where they are. */
const ASKED_MAX = 20;

/**
 * Answers for targets of a release that are not banned here, by canonical name. The server is asked before this returns, so that a
 * release that is sent next does not hide what it lifts.
 */
export async function answerElsewhere(
  link: Pick<Link, 'ask' | 'aheadMs' | 'isUp'>,
  absent: readonly Prefix[],
  nowMs: number,
): Promise<ReadonlyMap<string, TargetResult>> {
  const answers = absent.map(async (prefix, at): Promise<TargetResult> => {
    const name = formatPrefix(prefix);
    if (at >= ASKED_MAX && link.isUp) return targetResult(name, 'not_found', SOMEWHERE);
    const names = coveringTexts(prefix);
    try {
      const found = await link.ask((server, keys) => findActive(server, keys, names, nowMs + link.aheadMs));
      if (found !== undefined) {
        const why = found === name ? '' : ` (${found} covered it)`;
        return targetResult(name, 'done', `unbanned on the other hosts of the fleet${why}; this one did not ban it`);
      }
      // Which bans lie within a network, the server does not say.
      return targetResult(name, 'not_found', name.includes('/') ? SOMEWHERE : 'not banned');
    } catch {
      return targetResult(
        name,
        'not_found',
        'not banned here; other hosts of the fleet hear of it once its server is back',
      );
    }
  });
  return new Map((await Promise.all(answers)).map((answer) => [answer.target, answer]));
}

const SOMEWHERE = 'not banned here; what other hosts of the fleet have banned of it is lifted there';
