/** Turns a chunk of whole lines into a tally, whatever chunks came before: any number of parsers may run in parallel. */
import { type ClientScheme, Ipv6Clients } from '../net/client-key.ts';
import { grown } from '../net/columns.ts';
import { parseAddress } from './address.ts';
import type { FieldKeys } from './fields.ts';
import * as fields from './fields.ts';
import { type LogFormat, type OpenFormat, openFormats } from './formats.ts';
import type { LineReader, LineValues } from './line-format.ts';
import type { LogRecord } from './record.ts';
import { hostHash, isLogin, methodClass } from './request-features.ts';
import { readTimeBucket } from './request-time.ts';
import { Robots } from './robots.ts';
import { PATH_INFO, PATH_LENGTH, PATH_NUMBER, PATH_PATTERN, PATH_URL, SeenPaths } from './seen-paths.ts';
import type { SkipReason, Tally } from './tally.ts';
import * as columns from './tally.ts';
import { digits, SecondReader } from './timestamp.ts';

/** Names of this module's own, as in src/detect/request.ts. */
const { ADDRESS, METHOD, PATH, REFERER, REQUEST, REQUEST_TIME, RESPONSE_SIZE, STATUS, TIMESTAMP, USER_AGENT } = fields;
const { ASSET, CHANGE, GET, HIGH, INFO, LINE, LOGIN, LOW, NUMBER, PAGE_PART, PATTERN, POST, REFERRED, REFERRER } =
  columns;
const { ROBOT, ROW, SECOND, SIZE, SIZE_UNKNOWN, SKIP_REASONS, TIME_SHIFT, URL } = columns;
const [NEWLINE, SPACE] = [0x0a, 0x20];

export interface ParserOptions {
  readonly format: LogFormat;
  readonly keys: FieldKeys;
  /** Extensions of static assets, lower case, without dots. */
  readonly staticExtensions: readonly string[];
  /** What is one client. */
  readonly clients: ClientScheme;
  readonly lineBytesMax: number;
  /** Sets the hashes of one installation apart from those of others; the engine has the same. */
  readonly hashKey?: number;
}

/** Index of each reason in SKIP_REASONS. */
const REASON = Object.fromEntries(SKIP_REASONS.map((reason, index) => [reason, index])) as Record<SkipReason, number>;
const ACCEPTED = -1;

export class Parser {
  private readonly options: ParserOptions;
  private readonly formats: readonly OpenFormat[];
  private readonly robots = new Robots();
  /** By whether what follows the name of a program is a part of its path. */
  private readonly paths: SeenPaths;
  private readonly programs: SeenPaths;
  private readonly ipv6Clients: Ipv6Clients;
  private readonly seconds = new SecondReader();
  private readonly client = { high: 0, low: 0 };
  private rows = new Uint32Array(0);
  private count = 0;
  private secondMax = 0;

  constructor(options: ParserOptions) {
    this.options = options;
    this.paths = new SeenPaths(options.hashKey, options.staticExtensions);
    this.programs = new SeenPaths(options.hashKey, options.staticExtensions);
    this.formats = openFormats(options.format, options.keys);
    this.ipv6Clients = new Ipv6Clients(options.clients);
  }

  /**
   * Parses whole lines (a last line without newline counts as whole). Lines after `secondMax` (epoch seconds) are
   * refused as `future`: one corrupt time stamp must not move the clock.
   */
  parse(bytes: Uint8Array, secondMax: number): Tally {
    const skipped = new Uint32Array(SKIP_REASONS.length);
    this.secondMax = secondMax;
    this.count = 0;
    this.rows = new Uint32Array((64 + Math.ceil(bytes.length / 200)) * ROW);
    let lines = 0;
    const { lineBytesMax } = this.options;
    this.seconds.open(bytes);
    this.robots.open(bytes);
    this.paths.open(bytes);
    this.programs.open(bytes);
    for (let start = 0; start < bytes.length; ) {
      const { known } = this.formatOf(bytes, start).format;
      let end = known ? known.scanKnown(bytes, start) : -1;
      const isKnown = end >= 0;
      if (!isKnown) end = bytes.indexOf(NEWLINE, start);
      if (end < 0) end = bytes.length;
      lines++;
      let reason = REASON.too_long;
      if (end - start <= lineBytesMax) {
        reason =
          known && isKnown ? this.addRow(bytes, known.starts, known.ends, start) : this.parseLine(bytes, start, end);
      }
      if (reason !== ACCEPTED) skipped[reason] = (skipped[reason] as number) + 1;
      start = end + 1;
    }
    return { rows: this.rows, count: this.count, lines, skipped };
  }

  /** The whole record of one line, for samples; undefined when the line is malformed. */
  readRecord(line: Uint8Array): LogRecord | undefined {
    return this.formatOf(line, 0).format.record(line);
  }

  /** Scans a line again that parse() took: where its values are, valid until the next line is scanned. */
  scanLine(bytes: Uint8Array, start: number): LineValues | undefined {
    const { known } = this.formatOf(bytes, start).format;
    if (known && known.scanKnown(bytes, start) >= 0) return { bytes, starts: known.starts, ends: known.ends };
    const end = bytes.indexOf(NEWLINE, start);
    return this.formatOf(bytes, start).format.scan(bytes, start, end < 0 ? bytes.length : end);
  }

  /** A reader of this one source. */
  get reader(): LineReader {
    return {
      record: (_source, line) => this.readRecord(line),
      scan: (_source, bytes, start) => this.scanLine(bytes, start),
    };
  }

  private formatOf(bytes: Uint8Array, start: number): OpenFormat {
    const { formats } = this;
    const last = formats.length - 1;
    for (let i = 0; i < last; i++) {
      const opened = formats[i] as OpenFormat;
      if (opened.format.detect?.(bytes, start)) return opened;
    }
    return formats[last] as OpenFormat;
  }

  private parseLine(bytes: Uint8Array, start: number, end: number): number {
    if (end === start || (end === start + 1 && bytes[start] === 0x0d)) return REASON.empty;
    const { format, refusal } = this.formatOf(bytes, start);
    const values = format.scan(bytes, start, end);
    return values ? this.addRow(values.bytes, values.starts, values.ends, start) : REASON[refusal];
  }

  private addRow(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, line: number): number {
    const addressAt = starts[ADDRESS] as number;
    if (addressAt < 0) return REASON.no_address;
    const { client } = this;
    if (!parseAddress(bytes, addressAt, ends[ADDRESS] as number, this.ipv6Clients, client)) return REASON.bad_address;
    const timeAt = starts[TIMESTAMP] as number;
    if (timeAt < 0) return REASON.no_time;
    const second = this.seconds.read(bytes, timeAt, ends[TIMESTAMP] as number);
    if (second < 0) return REASON.bad_time;
    if (second > this.secondMax) return REASON.future;
    const at = this.count * ROW;
    if (at === this.rows.length) this.rows = grown(this.rows, 2 * at);
    const { rows } = this;
    rows[at + SECOND] = second;
    rows[at + HIGH] = client.high;
    rows[at + LOW] = client.low;
    rows[at + INFO] = this.info(bytes, starts, ends, at);
    rows[at + LINE] = line;
    const refererAt = starts[REFERER] as number;
    rows[at + REFERRER] = refererAt < 0 ? 0 : hostHash(bytes, refererAt, ends[REFERER] as number);
    rows[at + SIZE] = parseSize(bytes, starts[RESPONSE_SIZE] as number, ends[RESPONSE_SIZE] as number);
    this.count++;
    return ACCEPTED;
  }

  /** The INFO bits; writes what the row from `row` on has of the path. */
  private info(bytes: Uint8Array, starts: Int32Array, ends: Int32Array, row: number): number {
    const status = parseStatus(bytes, starts[STATUS] as number, ends[STATUS] as number);
    const requestAt = starts[REQUEST] as number;
    const requestEnd = requestAt < 0 ? 0 : (ends[REQUEST] as number);
    let methodEnd = Math.max(requestAt, 0);
    while (methodEnd < requestEnd && bytes[methodEnd] !== SPACE) methodEnd++;
    let [pathAt, pathEnd] = [starts[PATH] as number, ends[PATH] as number];
    if (pathAt < 0) [pathAt, pathEnd] = [methodEnd + 1, requestEnd];
    const methodAt = starts[METHOD] as number;
    let method: number = GET;
    if (methodAt >= 0) method = methodClass(bytes, methodAt, ends[METHOD] as number);
    else if (requestAt >= 0) method = methodClass(bytes, requestAt, methodEnd);
    const { rows } = this;
    const paths = method === POST ? this.programs : this.paths;
    const path = paths.find(bytes, pathAt, pathEnd, method === POST);
    const { numbers } = paths;
    rows[row + PATTERN] = numbers[path + PATH_PATTERN] as number;
    rows[row + URL] = numbers[path + PATH_URL] as number;
    rows[row + NUMBER] = numbers[path + PATH_NUMBER] as number;
    let info = status | method | (numbers[path + PATH_INFO] as number);
    if (!(status >= 200 && status < 400)) info &= ~(ASSET | PAGE_PART);
    if (
      (method === POST || method === CHANGE || status >= 400) &&
      isLogin(bytes, pathAt, pathAt + (numbers[path + PATH_LENGTH] as number))
    )
      info |= LOGIN;
    if ((starts[REFERER] as number) >= 0) info |= REFERRED;
    const timeAt = starts[REQUEST_TIME] as number;
    if (timeAt >= 0) info |= (readTimeBucket(bytes, timeAt, ends[REQUEST_TIME] as number) + 1) << TIME_SHIFT;
    const agentAt = starts[USER_AGENT] as number;
    if (agentAt < 0) return info;
    const agentEnd = ends[USER_AGENT] as number;
    return this.robots.has(bytes, agentAt, agentEnd) ? info | ROBOT : info;
  }
}

/** A status of three digits, 0 when absent or anything else: such a request counts, but is never an error. */
function parseStatus(bytes: Uint8Array, start: number, end: number): number {
  return start < 0 || end - start !== 3 ? 0 : digits(bytes, start, 3) || 0;
}

/** Bytes of the answer's body; SIZE_UNKNOWN when they are not logged. */
function parseSize(bytes: Uint8Array, start: number, end: number): number {
  if (start < 0) return SIZE_UNKNOWN;
  // Up to nine digits are small integers, which are quicker than what may be larger.
  const smallEnd = Math.min(end, start + 9);
  let [size, at] = [0, start];
  for (; at < smallEnd; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return size;
    size = (size * 10 + digit) | 0;
  }
  return at < end ? parseLargeSize(bytes, at, end, size) : size;
}

function parseLargeSize(bytes: Uint8Array, start: number, end: number, size: number): number {
  let large = size;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) break;
    large = Math.min(SIZE_UNKNOWN - 1, large * 10 + digit);
  }
  return large;
}
