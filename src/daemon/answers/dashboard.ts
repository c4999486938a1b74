/** The dashboard and the metrics. */
import type { TargetResult } from '../../control/protocol.ts';
import type { ActionResult, Actions } from '../../http/actions.ts';
import type { Action } from '../../http/parse-action.ts';
import type { HttpServerOptions } from '../../http/server.ts';
import { loadTokens } from '../../http/token-file.ts';
import { everySecond } from '../every-second.ts';
import type { InstanceParts } from '../instance-parts.ts';
import { assembleStatus } from './status.ts';

/** Key of the trouble that nobody can act from the page. */
export const ACTIONS_KEY = 'http actions';
/** Among so many of the newest rows decisions are looked for: the results of a list of 50,000 are passed over in 12 ms. */
const DECISION_ROWS_MAX = 100_000;

/** What one instance has the page show. */
export function pageOf(parts: InstanceParts): HttpServerOptions {
  const { config, probes, records, plane, traffic, lanes, now, log } = parts;
  return {
    listen: config.http.listen,
    status: () => assembleStatus(parts),
    rate: () => plane.engine?.countedRateLast ?? null,
    probes,
    bans: (limit) => records.trail.newestBans(limit, now()),
    recent: (limit) => records.trail.query({ limit, newestFirst: true }),
    decisions: (limit) => {
      const afterId = records.trail.head.id - DECISION_ROWS_MAX;
      return records.trail.query({ limit, newestFirst: true, withoutResults: true, afterId });
    },
    traffic,
    lanes: () => lanes.list(),
    // Loaded when somebody asks: an idle daemon does without.
    explain: async (subject) => (await import('./explain.ts')).explain(subject, parts),
    who: (networks) => parts.reports.who.describeRemembered(networks),
    fleet: async () => parts.fleet?.report(),
    actions: buildActions(parts),
    log,
    now,
    everySecond,
  };
}

/** Undefined without a file of tokens, or where the file says nobody may; the latter is a trouble. */
function buildActions(parts: InstanceParts): Actions | undefined {
  const { config, troubles } = parts;
  const { token_file: path } = config.http;
  if (path === undefined) return undefined;
  const loaded = loadTokens(path);
  if ('problem' in loaded) {
    troubles.begin(ACTIONS_KEY, `nobody can act from the dashboard: ${loaded.problem}`, loaded.fix);
    return undefined;
  }
  return { tokens: loaded.tokens, act: (action, name) => act(parts, action, name) };
}

async function act({ operator, lanes, reports }: InstanceParts, action: Action, name: string): Promise<ActionResult> {
  const { target, reason, for_ms: forMs } = action;
  const by = { reason: reason === '' ? 'from the dashboard' : reason, operator: name };
  switch (action.action) {
    case 'annotate':
      return reason === ''
        ? { ok: false, message: 'the text of a note is its reason, and there is none' }
        : reports.annotate({ text: reason, operator: name });
    case 'drop_lane':
      return lanes.change({ ...by, id: target });
    case 'ban':
      return tell(
        await operator.ban({ ...by, bans: [{ target }], keepLonger: false, ...(forMs !== undefined && { forMs }) }),
      );
    case 'unban':
      return tell(await operator.unban({ ...by, targets: [target], all: false }));
    case 'allow':
      return tell(await operator.allow({ ...by, targets: [target], remove: false }));
  }
}

function tell(results: readonly TargetResult[]): ActionResult {
  const message = results.map((result) => `${result.target}: ${result.message}`).join('; ');
  return { ok: results.length > 0 && results.every(({ ok }) => ok), message };
}
