import { callDaemon } from '../../control/client.ts';
import type { LaneResult } from '../../control/protocol.ts';
import { findHoldLimits } from '../../enforce/hold-zones.ts';
import { formatDuration } from '../../english/duration.ts';
import { describeBacktest, describeMatch, describeSurplus } from '../../english/lane.ts';
import { formatCount, formatPercent } from '../../english/number.ts';
import type { AuditEntry } from '../../model/audit.ts';
import type { LaneMatch } from '../../model/lane.ts';
import { LANE_MS_MAX } from '../../model/limits.ts';
import type { LiveLane } from '../../model/live-lane.ts';
import { printable } from '../../model/text.ts';
import type { Backtest } from '../../model/told-event.ts';
import { formatPrefix, parsePrefix } from '../../net/prefix.ts';
import { withTrail } from '../../record/trail/open-trail.ts';
import { printOutcome } from '../ask-daemon.ts';
import { type Context, requireConfig, requireSections, requireSocket, whoAsks } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { LANES } from '../definitions/lanes.ts';
import { CommandError, EXIT, wrongUsage } from '../exit.ts';
import { backtestLane } from '../lane-backtest.ts';
import { readPositive, readSpan } from '../options.ts';
import { reachDaemon } from '../reach-daemon.ts';
import { COLUMNS } from '../report/section.ts';
import { warnIfStale } from '../stale.ts';
import { columnsOf } from '../style.ts';
import { type Column, formatParagraphs, formatTable } from '../table.ts';
import { formatRelative, formatTime } from '../text.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Rows of the trail that are searched for one lane. */
const ROWS_MAX = 1000;
/** More known clients than this would be stopped by mistake: a person has to insist. */
const TOUCHED_MAX = 0.001;

/** `zban lanes`: which are open; why; and what a person does about them. */
export async function lanes(context: Context, options: Given<typeof LANES>): Promise<number> {
  const { action, id } = options;
  if (action === 'add') return add(context, options);
  if (action === undefined) return list(context);
  if (id === undefined) throw wrongUsage(`which lane? zban lanes shows their ids`);
  if (action === 'explain') return explain(context, id);
  const socket = requireSocket(context);
  const keepMs = action === 'keep' ? readTime(options, DAY_MS) : undefined;
  const request = { id, ...whoAsks(context, options), ...(keepMs !== undefined && { keepMs }) };
  return printResult(context, await reachDaemon(context, socket, 'changeLane', request));
}

async function list(context: Context): Promise<number> {
  const { output, json, now } = context;
  const open = await reachDaemon(context, requireSocket(context), 'lanes');
  if (json) output.json(open);
  else if (open.length === 0) output.talk('no lane is open');
  else {
    const table: readonly Column<LiveLane>[] = [
      { heading: 'ID', cell: ({ id }) => id },
      { heading: 'ACTION', cell: ({ action }) => action },
      { heading: 'STATE', cell: ({ state }) => state },
      { heading: 'SINCE', cell: ({ since }) => formatTime(Date.parse(since)) },
      { heading: 'ENDS', cell: ({ until }) => formatRelative(Date.parse(until), now()) },
      { heading: 'BY', cell: ({ actor }) => actor },
      { heading: 'STOPS', cell: ({ match }) => describeMatch(match) },
    ];
    output.data(formatTable(table, open, columnsOf(process.stdout)));
  }
  return EXIT.done;
}

/** Everything that is known of one lane, also of one that has ended and with the daemon stopped. */
async function explain(context: Context, id: string): Promise<number> {
  const { output, json } = context;
  const { state, control } = requireSections(context, ['state', 'control']);
  const open = await callDaemon(control.socket, 'lanes').catch(() => []);
  const lane = open.find((each) => each.id === id);
  await warnIfStale(context);
  const rows = await withTrail(state.database, ({ reader }) =>
    (['lane', 'lane_result', 'lane_keep', 'lane_end'] as const)
      .flatMap((action) => reader.query({ action, newestFirst: true, limit: ROWS_MAX }))
      .filter(({ numbers }) => numbers !== null && 'id' in numbers && numbers.id === id)
      .sort((a, b) => a.id - b.id),
  );
  if (rows.length === 0 && !lane) throw new CommandError(EXIT.notFound, `no lane ${printable(id)} is known`);
  if (json) output.json({ id, lane: lane ?? null, entries: rows.map(entryJson) });
  else output.data(describe(id, lane, rows));
  return EXIT.done;
}

function entryJson({ id, timeMs, actor, action, enforced, detail, numbers }: AuditEntry) {
  return { id, time: new Date(timeMs).toISOString(), actor, action, enforced, detail, numbers };
}

function describe(id: string, lane: LiveLane | undefined, rows: readonly AuditEntry[]): string {
  const history = rows.map(({ id: row, timeMs, actor, action, detail }) => {
    const what = action.replaceAll('_', ' ');
    return `${formatTime(timeMs)}  #${row} ${actor}: ${what}${detail === '' ? '' : `: ${detail}`}`;
  });
  const now = lane ? describeState(lane) : 'It has ended.';
  const paragraphs = [
    { label: 'Now', text: now },
    ...(lane ? [{ label: 'Stops', text: `requests with ${describeMatch(lane.match)}` }] : []),
    ...(lane?.action === 'hold' ? [{ label: 'Lets pass', text: describeLimits(lane) }] : []),
    ...(lane?.proof
      ? [{ label: 'Why', text: `${describeSurplus(lane.proof)}; ${describeBacktest(lane.proof.backtest)}` }]
      : []),
    { label: 'History', lines: history },
    ...(lane ? [{ label: 'Undo', text: `zban lanes drop ${id}` }] : []),
  ];
  return formatParagraphs(paragraphs, COLUMNS);
}

function describeLimits({ usual_rate }: LiveLane): string {
  const { perMinute, atOnce } = findHoldLimits(usual_rate);
  return `${perMinute} of these requests a minute, as many as usual, and up to ${atOnce} at once`;
}

function describeState({ action, state, message, until }: LiveLane): string {
  const end = `It ends at the latest ${formatTime(Date.parse(until))}.`;
  if (state === 'observed') return `It is only observed and stops nobody. ${end}`;
  if (state === 'failed') return `nginx does not have it, so that it stops nobody: ${message}. ${end}`;
  if (state === 'pending') return `nginx is being told. ${end}`;
  return `It is open: ${action === 'hold' ? 'more than the usual gets 429' : 'what matches gets no answer (444), or what your configuration does'}. ${end}`;
}

async function add(context: Context, options: Given<typeof LANES>): Promise<number> {
  const { output, json, now } = context;
  const match = readMatch(options);
  const forMs = readTime(options, HOUR_MS);
  const given = readPositive('rate', options.rate);
  if (given !== undefined && options.deny) throw wrongUsage('--rate is for lanes that hold, not for --deny');
  const config = requireConfig(context);
  const { backtest, notes } = await backtestLane(config, match, now);
  for (const note of notes) output.talk(`zban: ${printable(note)}`);
  const usualRate = given ?? (backtest.hours > 0 ? backtest.requests_matched / backtest.hours / 3600 : 0);
  if (!json) output.say(printable(describeProof(match, backtest)));
  if (options['dry-run']) {
    if (json) output.json({ match, backtest, usual_rate: usualRate });
    return EXIT.done;
  }
  if (backtest.clients_matched > TOUCHED_MAX * backtest.clients && !options.force) {
    const message = `${formatPercent(backtest.clients_matched / backtest.clients, 1)} of the clients would be touched: nothing was opened; add conditions, or --force`;
    throw new CommandError(EXIT.failed, message);
  }
  const action = options.deny ? 'deny' : 'hold';
  const request = { action, match, usualRate, forMs, backtest, ...whoAsks(context, options) } as const;
  return printResult(context, await reachDaemon(context, config.control.socket, 'addLane', request));
}

function describeProof(match: LaneMatch, backtest: Backtest): string {
  const requests = `${formatCount(backtest.requests_matched)} of ${formatCount(backtest.requests)} requests`;
  return `requests with ${describeMatch(match)}: ${describeBacktest(backtest)}, ${requests}`;
}

function readMatch(options: Given<typeof LANES>): LaneMatch {
  const { 'user-agent': userAgent, path, 'query-keys': queryKeys, network, method, referer } = options;
  const prefix = network === undefined ? undefined : parsePrefix(network);
  if (network !== undefined && !prefix)
    throw wrongUsage(`--network ${printable(network)}: expected a network such as 203.0.113.0/24`);
  if (path !== undefined && !path.startsWith('/'))
    throw wrongUsage(`--path ${printable(path)}: expected a path from / on, with * at its end for a prefix`);
  const match: LaneMatch = {
    ...(userAgent !== undefined && { user_agent: userAgent }),
    ...(path !== undefined && { path }),
    ...(queryKeys !== undefined && { query_keys: [...new Set(queryKeys.split(',').filter(Boolean))].sort() }),
    ...(prefix && { network: formatPrefix(prefix) }),
    ...(method !== undefined && { method }),
    ...(referer !== undefined && { referer }),
  };
  const count = Object.keys(match).length;
  if (count >= 1 && count <= 3) return match;
  const names = '--user-agent, --path, --query-keys, --network, --method, --referer';
  throw wrongUsage(`what do these requests have in common? One to three of ${names}`);
}

function readTime({ for: text }: Given<typeof LANES>, byDefault: number): number {
  const ms = readSpan('for', text) ?? byDefault;
  if (ms >= 1000 && ms <= LANE_MS_MAX) return Math.round(ms);
  throw wrongUsage(`--for: expected at least 1s and at most ${formatDuration(LANE_MS_MAX)}`);
}

function printResult(context: Context, result: LaneResult): number {
  const exitCode = printOutcome(context, result, `lane ${result.id}: `);
  return result.code === 'not_found' ? EXIT.notFound : exitCode;
}
