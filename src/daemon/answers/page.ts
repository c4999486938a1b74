/** Opens the dashboard and the metrics of an instance. */
import type { Config } from '../../config/schema.ts';
import type { ControlHandlers, TargetResult } from '../../control/protocol.ts';
import { findRobots } from '../../host/robots.ts';
import { WhoFinder } from '../../host/who.ts';
import type { Action, ActionResult, Actions } from '../../http/actions.ts';
import { type HttpServerOptions, type Probes, startHttpServer } from '../../http/server.ts';
import { loadTokens } from '../../http/token-file.ts';
import type { Log } from '../../model/log.ts';
import type { Status } from '../../model/status.ts';
import type { TrafficLog } from '../../record/traffic/traffic-log.ts';
import type { Lanes } from '../lanes/lanes.ts';
import type { Operator } from '../orders/operator.ts';
import type { Records } from '../records/records.ts';
import type { Troubles } from '../troubles.ts';

/** Networks whose owners are looked up for one answer, and remembered. */
const LOOKUPS_MAX = 500;
const OWNERS_MAX = 20_000;

export interface PageOptions {
  readonly config: Config;
  readonly status: () => Status;
  readonly rate: HttpServerOptions['rate'];
  readonly probes: Probes;
  readonly records: Records;
  readonly traffic: TrafficLog;
  readonly operator: Operator;
  readonly annotate: ControlHandlers['annotate'];
  readonly lanes: Pick<Lanes, 'list' | 'change'>;
  readonly fleet: HttpServerOptions['fleet'];
  readonly troubles: Troubles;
  readonly now: () => number;
  readonly log: Log;
}

/** Resolves to what closes it again; undefined where `http.listen` is off. */
export async function openPage(options: PageOptions): Promise<(() => unknown) | undefined> {
  const { config, status, probes, records, traffic, lanes, now, log } = options;
  if (config.http.listen === 'off') return undefined;
  const http = await startHttpServer({
    listen: config.http.listen,
    status,
    rate: options.rate,
    probes,
    bans: (limit) => records.newestBans(limit),
    recent: (limit) => records.trail.query({ limit, newestFirst: true }),
    traffic,
    lanes: () => lanes.list(),
    // Loaded when somebody asks: an idle daemon does without.
    explain: async (subject) => (await import('./explain.ts')).explain(subject, config, now),
    who: rememberOwners(config),
    fleet: options.fleet,
    actions: buildActions(options),
    log,
    now,
  });
  log('info', `dashboard on ${http.url}`);
  return () => http.close();
}

/** As the finder of `zban who` names them, remembered. */
function rememberOwners({ who, detection }: Config): (networks: readonly string[]) => readonly string[] {
  const finder = new WhoFinder({ table: who.table, robots: findRobots(detection.robots, () => {}) });
  const known = new Map<string, string>();
  return (networks) => {
    const asked = networks.filter((name) => !known.has(name)).slice(0, LOOKUPS_MAX);
    if (known.size > OWNERS_MAX) known.clear();
    for (const [index, text] of finder.describeKnown(asked).entries()) known.set(asked[index] ?? '', text);
    return networks.map((name) => known.get(name) ?? '');
  };
}

/** Undefined where they are off, or where the file says nobody may; the latter is a trouble. */
function buildActions(options: PageOptions): Actions | undefined {
  const { config, troubles } = options;
  const { actions, token_file: path } = config.http;
  if (!actions || path === undefined) return undefined;
  const loaded = loadTokens(path);
  if ('problem' in loaded) {
    troubles.begin('http actions', `nobody can act from the dashboard: ${loaded.problem}`, loaded.fix);
    return undefined;
  }
  return { tokens: loaded.tokens, act: (action, name) => act(options, action, name) };
}

async function act({ operator, lanes, annotate }: PageOptions, action: Action, name: string): Promise<ActionResult> {
  const { target, reason, forMs } = action;
  const by = { reason: reason === '' ? 'from the dashboard' : reason, operator: name };
  switch (action.action) {
    case 'annotate':
      return reason === ''
        ? { ok: false, message: 'the text of a note is its reason, and there is none' }
        : annotate({ text: reason, operator: name });
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
