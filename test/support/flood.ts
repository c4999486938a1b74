/**
 * A program that asks a web server again and again and reports what it meets, one JSON object a line:
 *
 *   node flood.ts URL --rate 500 [--seconds 10] [--bind 192.0.2.7 --bind 192.0.2.8] [--method POST]
 *                     [--fresh] [--timeout-ms 1000] [--sockets 32] [--pending 5010] [--report-ms 100]
 *
 * `--bind` may be given many times: the requests take turns over these source addresses. `--fresh` opens a connection for
 * every request. The pace is kept by the clock: a slow server makes more requests wait, up to `--pending`, by default ten
 * seconds' worth, and what comes on top is counted as `skipped`. Ends after `--seconds`, or with SIGTERM, with a last report.
 */
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';

/** Counts since the start; times are epoch milliseconds, null while there is none. */
export interface FloodReport {
  readonly event: 'progress' | 'end';
  readonly atMs: number;
  readonly sent: number;
  /** Answered, whatever the status. */
  readonly answered: number;
  /** No answer within the time limit: what a dropped packet looks like. */
  readonly timedOut: number;
  /** Refused, reset or unreachable. */
  readonly failed: number;
  readonly skipped: number;
  readonly statuses: Readonly<Record<string, number>>;
  readonly firstSentMs: number | null;
  readonly firstAnswerMs: number | null;
  readonly lastAnswerMs: number | null;
  /** When the first and the last request without an answer were given up. */
  readonly firstTimeoutMs: number | null;
  readonly lastTimeoutMs: number | null;
  /** The last error's code, such as ECONNREFUSED. */
  readonly lastError: string | null;
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: 'string', default: '500' },
    seconds: { type: 'string', default: 'Infinity' },
    bind: { type: 'string', multiple: true, default: [] },
    method: { type: 'string', default: 'GET' },
    fresh: { type: 'boolean', default: false },
    'timeout-ms': { type: 'string', default: '1000' },
    sockets: { type: 'string', default: '32' },
    pending: { type: 'string' },
    'report-ms': { type: 'string', default: '100' },
  },
});
const url = new URL(positionals[0] ?? '');
const rateRps = Number(values.rate);
const timeoutMs = Number(values['timeout-ms']);
const pendingMax = Number(values.pending ?? rateRps * 10 + 10);
const agent = new Agent({
  keepAlive: !values.fresh,
  maxSockets: values.fresh ? Number.POSITIVE_INFINITY : Number(values.sockets),
});

const seen = {
  sent: 0,
  answered: 0,
  timedOut: 0,
  failed: 0,
  skipped: 0,
  statuses: {} as Record<number, number>,
  firstSentMs: null as number | null,
  firstAnswerMs: null as number | null,
  lastAnswerMs: null as number | null,
  firstTimeoutMs: null as number | null,
  lastTimeoutMs: null as number | null,
  lastError: null as string | null,
};
let pending = 0;

function ask(): void {
  if (pending >= pendingMax) {
    seen.skipped++;
    return;
  }
  pending++;
  seen.firstSentMs ??= Date.now();
  const bind = values.bind[seen.sent++ % Math.max(1, values.bind.length)];
  const asked = request(url, {
    agent,
    method: values.method,
    headers: { 'user-agent': 'flood-test' },
    ...(bind === undefined ? {} : { localAddress: bind }),
  });
  // One outcome for each request: the head of an answer, the end of patience, or an error.
  let isSettled = false;
  const settle = (note: (nowMs: number) => void): void => {
    if (isSettled) return;
    isSettled = true;
    clearTimeout(limit);
    pending--;
    note(Date.now());
  };
  const limit = setTimeout(() => {
    settle(noteTimeout);
    asked.destroy();
  }, timeoutMs);
  asked.on('response', (response) => {
    settle((nowMs) => noteAnswer(nowMs, response.statusCode ?? 0));
    response.on('error', () => {}).resume();
  });
  asked.on('error', (error: NodeJS.ErrnoException) => settle(() => noteFailure(error)));
  asked.end();
}

function noteAnswer(nowMs: number, status: number): void {
  seen.answered++;
  seen.statuses[status] = (seen.statuses[status] ?? 0) + 1;
  seen.firstAnswerMs ??= nowMs;
  seen.lastAnswerMs = nowMs;
}

function noteTimeout(nowMs: number): void {
  seen.timedOut++;
  seen.firstTimeoutMs ??= nowMs;
  seen.lastTimeoutMs = nowMs;
}

function noteFailure(error: NodeJS.ErrnoException): void {
  seen.failed++;
  seen.lastError = error.code ?? error.message;
}

function report(event: FloodReport['event'], then: () => void = () => {}): void {
  const line: FloodReport = { event, atMs: Date.now(), ...seen };
  process.stdout.write(`${JSON.stringify(line)}\n`, then);
}

const startMs = performance.now();
const endMs = Number(values.seconds) * 1000;
let due = 0;
const pace = setInterval(() => {
  const elapsedMs = performance.now() - startMs;
  const target = Math.floor((Math.min(elapsedMs, endMs) * rateRps) / 1000);
  for (; due < target; due++) ask();
  if (elapsedMs >= endMs) finish();
}, 5);
const reports = setInterval(() => report('progress'), Number(values['report-ms']));
process.once('SIGTERM', finish);

/** Lets what is under way come to its end, then says the last word. */
function finish(): void {
  clearInterval(pace);
  const settled = setInterval(() => {
    if (pending > 0) return;
    clearInterval(settled);
    clearInterval(reports);
    // The agent opens connections even for requests that were given up; into the void they would last for minutes.
    report('end', () => process.exit());
  }, 5);
}
