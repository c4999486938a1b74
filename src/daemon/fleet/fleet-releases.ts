/** What becomes of a release where this host has no such ban: other hosts of the fleet may have one. */
import type { TargetResult } from '../../control/protocol.ts';
import type { Link } from '../../fleet/link.ts';
import { findActive } from '../../fleet/stream.ts';
import { coveringTexts, formatPrefix, type Prefix } from '../../net/prefix.ts';
import { targetResult } from '../orders/order-answers.ts';

/** Targets that the server is asked about; of more it is only said that they are lifted where they are. */
const ASKED_MAX = 20;

/**
 * Answers for targets of a release that are not banned here, by canonical name. The server is asked before this returns, so that a
 * release that is sent next does not hide what it lifts.
 */
export async function answerElsewhere(
  link: Pick<Link, 'ask' | 'aheadMs'>,
  absent: readonly Prefix[],
  nowMs: number,
): Promise<ReadonlyMap<string, TargetResult>> {
  const answers = absent.map(async (prefix, at): Promise<TargetResult> => {
    const name = formatPrefix(prefix);
    if (at >= ASKED_MAX) return targetResult(name, 'not_found', SOMEWHERE);
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
        'not banned here; other hosts of the fleet hear of it once its server is back, unless zban restarts before',
      );
    }
  });
  return new Map((await Promise.all(answers)).map((answer) => [answer.target, answer]));
}

const SOMEWHERE = 'not banned here; what other hosts of the fleet have banned of it is lifted there';
