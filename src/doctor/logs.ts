/** Can zban live on these logs: there, readable, understood, fresh, unbuffered, with the clients' own addresses? */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Config } from '../config/schema.ts';
import { DOUBLED_FIX, describeDoubled } from '../english/doubled.ts';
import { formatDuration, formatSeconds } from '../english/duration.ts';
import { fixOfRefused } from '../english/refused-lines.ts';
import { LINE_BYTES_MAX } from '../model/chunk.ts';
import { formatClient } from '../net/client-key.ts';
import type { FieldKeys } from '../parse/fields.ts';
import { Parser } from '../parse/parser.ts';
import { HIGH, LINE, LOW, ROW, SECOND, SKIP_REASONS, type Tally } from '../parse/tally.ts';
import { type FoundLog, findLogs, findSameFiles } from '../source/discover.ts';
import { cutLines, ownBuffer } from '../source/lines.ts';
import { SourceError, toSourceError } from '../source/source-error.ts';
import { DoubledLines, type DoubledPair } from '../traffic/doubled-lines.ts';
import { workerSetup } from '../workers/worker-setup.ts';
import { about, type Finding } from './finding.ts';

/** Newest part of a log that is looked at. */
const TAIL_BYTES = 1 << 20;
const SILENT_MS = 3_600_000;
const SKEW_SECONDS_MAX = 60;
/** Share of lines that may be refused, of one client among all. */
const REFUSED_SHARE_MAX = 0.1;
const ONE_CLIENT_SHARE = 0.8;
const LINES_MIN = 100;
const AGENTS_MIN = 10;
const RECORDS_MAX = 500;
/** Status, bytes, then the two fields that nginx's `combined` has and the common format has not. */
const COMBINED_FIELDS = /" (?:\d{3}|-) (?:\d+|-) "/;
/** Each is compared with each. */
const COMPARED_MAX = 20;

const aboutLog = (path: string) => about(`log ${path}`);
type AboutLog = ReturnType<typeof aboutLog>;

export function checkLogs(config: Config, nowMs: number): Finding[] {
  const { logs, unmatched } = findLogs(config.logs.map(({ path }) => path));
  return [
    ...checkDoubled(config, logs),
    ...unmatched.map((glob) =>
      aboutLog(glob).fail('no file matches', 'correct logs[].path, or turn on access_log in nginx'),
    ),
    ...logs.flatMap(({ path, index }) => checkLog(config, path, index, nowMs)),
  ];
}

/** Requests that stand in two logs, or twice in one, count twice. */
function checkDoubled(config: Config, logs: readonly FoundLog[]): Finding[] {
  const found: Finding[] = [];
  const sameFiles = findSameFiles(logs.map(({ path }) => path));
  const tails: { path: string; bytes: Buffer; tally: Tally }[] = [];
  for (const [path, same] of sameFiles) found.push(aboutLog(path).ok(`is the same file as ${same}: followed once`));
  for (const { path, index } of logs.filter((log) => !sameFiles.has(log.path)).slice(0, COMPARED_MAX)) {
    try {
      const options = workerSetup(config).parsers[index];
      const { bytes } = readTail(path);
      if (options) tails.push({ path, bytes, tally: new Parser(options).parse(bytes, Number.POSITIVE_INFINITY) });
    } catch {
      // Said of the log itself.
    }
  }
  for (const [at, one] of tails.entries()) {
    for (const other of tails.slice(at)) {
      const doubled = new DoubledLines();
      const fromSecond = Math.max(one.tally.rows[SECOND] ?? 0, other.tally.rows[SECOND] ?? 0);
      for (const { path, tally, bytes } of new Set([one, other])) doubled.add(path, tally, bytes, fromSecond);
      const isPair = ([a, b]: DoubledPair) => (a === b) === (one === other);
      const [pair] = doubled.pairs().filter(isPair);
      if (pair) found.push(aboutLog(one.path).fail(describeDoubled(pair), DOUBLED_FIX));
    }
  }
  return found;
}

function checkLog(config: Config, path: string, index: number, nowMs: number): Finding[] {
  const log = aboutLog(path);
  const options = workerSetup(config).parsers[index];
  let tail: { bytes: Buffer; writtenMs: number };
  try {
    tail = readTail(path);
  } catch (error) {
    return [unreadable(log, toSourceError(path, error))];
  }
  const { bytes, writtenMs } = tail;
  const parser = options && new Parser(options);
  const tally = parser?.parse(bytes, Math.floor(nowMs / 1000) + 86_400);
  if (!parser || !tally || tally.lines === 0)
    return [log.warn('is empty: nothing can be learned from it yet', 'see that nginx writes its access_log there')];
  const refused = findRefused(tally);
  if (refused.share > REFUSED_SHARE_MAX) {
    const percent = Math.round(refused.share * 100);
    return [
      log.fail(
        `${percent} % of its newest ${tally.lines} lines are not understood (${refused.reason})`,
        fixOfRefused(refused.reason),
      ),
    ];
  }
  const lines = newestLines(bytes, tally).map((line) => line.toString('latin1'));
  return [
    log.ok(`${tally.lines} newest lines are understood`),
    ...checkFields(log, lines, options.keys),
    ...checkFreshness(log, tally, writtenMs, nowMs),
    ...checkClients(config, log, tally, parser, bytes),
  ];
}

function unreadable(log: AboutLog, { code, path, words, fix }: SourceError): Finding {
  if (code === 'missing') return log.fail('is not there', 'correct logs[].path, or turn on access_log in nginx');
  if (code !== 'permission_denied') return log.fail(`cannot be followed: ${words}`, fix);
  const { username } = userInfo();
  const group = `give it the group of the log: ls -l ${path}, usermod -aG GROUP ${username}`;
  return log.fail(`may not be read by ${username}`, `sudo zban doctor; if zban runs as ${username}, ${group}`);
}

/** Whole lines of the newest part, long ones as the daemon gets them, and when the last one was written. */
function readTail(path: string): { bytes: Buffer; writtenMs: number } {
  // Without waiting: opening a pipe that nobody writes to would block.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new SourceError('not_a_file', path);
    const { size, mtimeMs: writtenMs } = stat;
    const from = Math.max(0, size - TAIL_BYTES);
    const bytes = ownBuffer(size - from);
    const read = readSync(fd, bytes, 0, bytes.length, from);
    // The first line is whole only at the beginning of the file.
    const start = from === 0 ? 0 : bytes.subarray(0, read).indexOf(10) + 1;
    bytes.copyWithin(0, start, read);
    const lines = cutLines(bytes, read - start, LINE_BYTES_MAX).bytes;
    return { bytes: Buffer.from(lines.buffer, 0, lines.length), writtenMs };
  } finally {
    closeSync(fd);
  }
}

function findRefused({ skipped, lines }: Tally): { share: number; reason: string } {
  let [total, most, reason] = [0, 0, ''];
  for (const [index, name] of SKIP_REASONS.entries()) {
    const count = skipped[index] ?? 0;
    total += count;
    if (count > most) [most, reason] = [count, name];
  }
  return { share: total / lines, reason };
}

/** The newest lines that were understood, oldest first: of all clients, or of those whose row is `wanted`. */
function newestLines(bytes: Buffer, { rows, count }: Tally, wanted = (_at: number) => true): Buffer[] {
  const lines: Buffer[] = [];
  for (let row = count - 1; row >= 0 && lines.length < RECORDS_MAX; row--) {
    if (!wanted(row * ROW)) continue;
    const start = rows[row * ROW + LINE] ?? 0;
    lines.push(bytes.subarray(start, bytes.indexOf(10, start)));
  }
  return lines.reverse();
}

/** A format without a field, told apart from clients that send none: then the field is in the line, and empty. */
function checkFields(log: AboutLog, lines: readonly string[], keys: FieldKeys): Finding[] {
  const missing = (['user_agent', 'referer'] as const).filter((field) => {
    const key = new RegExp(`"(?:${keys[field].map((name) => name.replace(/\W/g, '\\$&')).join('|')})"\\s*:`);
    return !lines.some((line) => (line.trimStart().startsWith('{') ? key : COMBINED_FIELDS).test(line));
  });
  if (missing.length === 0) return [];
  const message = `its log_format has no ${missing.join(' and no ')}: crawlers cannot be told from scrapers as well as they could`;
  return [log.warn(message, 'add them as in the log_format of docs/first-week.md')];
}

function checkFreshness(log: AboutLog, { rows, count }: Tally, writtenMs: number, nowMs: number): Finding[] {
  const silentMs = nowMs - writtenMs;
  const found: Finding[] = [];
  if (silentMs > SILENT_MS) {
    const ago = formatDuration(Math.round(silentMs / 60_000) * 60_000);
    found.push(
      log.warn(`was last written ${ago} ago`, 'see whether nginx writes somewhere else: nginx -T | grep access_log'),
    );
  }
  const newest = rows[(count - 1) * ROW + SECOND] ?? 0;
  const skew = Math.round(newest - writtenMs / 1000);
  if (Math.abs(skew) > SKEW_SECONDS_MAX) {
    const message = `its newest line is ${formatSeconds(Math.abs(skew))} ${skew > 0 ? 'ahead of' : 'behind'} the time it was written`;
    found.push(
      log.warn(message, 'set the clock (timedatectl), log $msec or $time_iso8601, and leave out buffer= and flush='),
    );
  }
  return found;
}

/** One client with the requests of many is a proxy. */
function checkClients({ detection }: Config, log: AboutLog, tally: Tally, parser: Parser, bytes: Buffer): Finding[] {
  const { rows, count } = tally;
  if (count < LINES_MIN) return [];
  const clientAt = (at: number) => formatClient(rows[at + HIGH] ?? 0, rows[at + LOW] ?? 0, detection);
  const counts = new Map<string, number>();
  for (let at = 0; at < count * ROW; at += ROW) {
    const name = clientAt(at);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const [[name, requests] = ['', 0]] = [...counts].sort((a, b) => b[1] - a[1]);
  if (requests < ONE_CLIENT_SHARE * count) return [];
  const own = newestLines(bytes, tally, (at) => clientAt(at) === name);
  // Its own: beside a flood by one client stand the user agents of everybody else.
  const agents = new Set(own.map((line) => parser.readRecord(line)?.user_agent));
  if (agents.size < AGENTS_MIN) return [];
  const message = `${Math.round((requests / count) * 100)} % of its lines are from ${name}, with many user agents: a proxy, not a client`;
  return [log.fail(message, `in nginx: set_real_ip_from ${name}; real_ip_header X-Forwarded-For;`)];
}
