/**
 * Lanes as nginx's own words: what a request must look like becomes regular expressions (ngx_http_map_module, PCRE), and
 * what matches becomes the key of a bucket (ngx_http_limit_req_module) or the variable `$zban_lane`.
 */
import type { LaneAction, LaneMatch } from '../model/lane.ts';
import { findHoldLimits, findHoldZones, type HoldZone, ZONES } from './hold-zones.ts';

/** A lane as nginx is to have it. */
export interface NginxLane {
  readonly id: string;
  readonly action: LaneAction;
  readonly match: LaneMatch;
  /** Matching requests a second that are usual: so many pass while it holds. */
  readonly usualRps: number;
  /** Epoch milliseconds. nginx itself lets the lane go by then, whether zban still runs or not. */
  readonly untilMs: number;
}

const NO_ZONE: HoldZone = { lanes: [], ...findHoldLimits(0) };
/** A word of nginx's configuration holds 4096 bytes (NGX_CONF_BUFFER in ngx_conf_file.c). */
const WORD_BYTES_MAX = 4000;

export interface LaneFile {
  readonly lanes: readonly NginxLane[];
  /** Networks that no lane stops. */
  readonly exempt: readonly string[];
  /** False where the operator's configuration has `limit_req` lines of its own, whose status and log level then hold. */
  readonly ownStatus: boolean;
}

/** Why nginx can't match this; undefined where it can. */
export function findLaneObstacle(match: LaneMatch): string | undefined {
  const longest = Math.max(0, ...conditionsOf(match).map(({ values = '' }) => values.length));
  return longest > WORD_BYTES_MAX ? 'it is longer than a word of nginx’s configuration may be' : undefined;
}

/** The whole file, for nginx's http block. At most LANES_MAX lanes. */
export function formatLaneFile({ lanes, exempt, ownStatus }: LaneFile): string {
  const zones = findHoldZones(lanes.filter(({ action }) => action === 'hold'));
  const denials = lanes.filter(({ action }) => action === 'deny');
  const blocks = [
    '# Written by zban; changes are overwritten. docs/swarms.md says how nginx uses it.',
    ...(lanes.length > 0 ? [formatGeo('$zban_exempt', exempt)] : []),
    ...Array.from({ length: ZONES }, (_, index) => formatZone(zones[index], index + 1)),
    ...denials.map((lane, index) => formatMatch(lane, `zban_deny_${index + 1}`, 'd:')),
    ...(ownStatus && zones.length > 0 ? ['limit_req_status 429;\nlimit_req_log_level info;'] : []),
    formatVerdict(denials.length),
  ];
  return `${blocks.join('\n\n')}\n`;
}

/** A bucket for each lane: all that matches shares the usual rate, and a minute's worth may come at once. */
function formatZone({ lanes, perMinute, atOnce }: HoldZone = NO_ZONE, number: number): string {
  const name = `zban_hold_${number}`;
  const names = lanes.map((_, index) => `${name}_lane_${index + 1}`);
  return [
    // By id: a new lane must not find the bucket of an older one, which nginx keeps.
    ...lanes.map((lane, index) => formatMatch(lane, names[index] as string, `h:${nameOf(lane)}`)),
    `map "" $${name} { default "${names.map((each) => `$${each}`).join('')}"; }`,
    `limit_req_zone $${name} zone=${name}:32k rate=${perMinute}r/m;`,
    `limit_req zone=${name} burst=${atOnce} nodelay;`,
  ].join('\n');
}

/** `$name` is the mark for a request that matches, and empty for any other. */
function formatMatch(lane: NginxLane, name: string, mark: string): string {
  const { match, untilMs } = lane;
  const conditions = [{ source: '$msec', values: matching(beforePattern(untilMs)) }, ...conditionsOf(match)];
  const lines = conditions.map((condition, index) => {
    const variable = `$${name}_${index}`;
    if ('network' in condition) return formatGeo(variable, [condition.network]);
    return `map ${condition.source} ${variable} { ${condition.values} }`;
  });
  const variables = conditions.map((_, index) => `$${name}_${index}`).join('');
  return [
    `# lane ${nameOf(lane)}, until ${new Date(untilMs).toISOString()}: ${describe(match)}`,
    ...lines,
    `map "$zban_exempt${variables}" $${name} { default ""; "0${'1'.repeat(conditions.length)}" "${mark}"; }`,
  ].join('\n');
}

const nameOf = ({ id }: NginxLane): string => id.replace(/[^\w-]/g, '?');

/** What the operator's own configuration looks at. */
function formatVerdict(denials: number): string {
  const holds = Array.from({ length: ZONES }, (_, index) => `$zban_hold_${index + 1}`);
  const denied = Array.from({ length: denials }, (_, index) => `$zban_deny_${index + 1}`);
  return `map "${[...holds, ...denied].join('')}" $zban_lane { default ""; "~d:" deny; "~h:" hold; }`;
}

function formatGeo(variable: string, networks: readonly string[]): string {
  const lines = [...new Set(networks)].filter((network) => /^[\da-f.:]+(\/\d+)?$/.test(network));
  return `geo ${variable} { default 0;${lines.map((network) => ` ${network} 1;`).join('')} }`;
}

type Condition =
  /** `values` are those of a map whose result is 1 where it holds. */
  { readonly source: string; readonly values: string } | { readonly network: string; readonly values?: undefined };

/** Of an absent header logs have `-`, or nothing. nginx compares nothing with no pattern. */
const [ABSENT, PRESENT] = ['default 0; "" 1; "-" 1;', 'default 1; "" 0; "-" 0;'];

function matching(pattern: string): string {
  return `default 0; "~${pattern}" 1;`;
}

/** Of the request line as it came: nginx changes `$uri` and `$args` on its way through the configuration. */
function conditionsOf(match: LaneMatch): Condition[] {
  const conditions: Condition[] = [];
  const { user_agent: agent, path, query_keys: keys, network, method, referer } = match;
  const exactly = (text: string) => matching(`^${quote(text)}\\z`);
  if (agent !== undefined)
    conditions.push({ source: '$http_user_agent', values: agent === '-' ? ABSENT : exactly(agent) });
  if (path !== undefined) {
    const isPrefix = path.endsWith('*');
    const pattern = isPrefix ? `^${quote(path.slice(0, -1))}` : `^${quote(path)}(?:\\?|\\z)`;
    conditions.push({ source: '$request_uri', values: matching(pattern) });
  }
  if (keys !== undefined) conditions.push({ source: '$request_uri', values: matching(queryPattern(keys)) });
  if (network !== undefined) conditions.push({ network });
  if (method !== undefined) conditions.push({ source: '$request_method', values: exactly(method) });
  if (referer !== undefined)
    conditions.push({ source: '$http_referer', values: referer === 'absent' ? ABSENT : PRESENT });
  return conditions;
}

/** A path with exactly these names in its query, in any order and each as often as it likes. */
function queryPattern(keys: readonly string[]): string {
  if (keys.length === 0) return '^[^?]*(?:\\?&*)?\\z';
  const names = keys.map(quote);
  const each = names.map((name) => `(?=(?:.*&)?${name}(?:=|&|\\z))`).join('');
  return `^[^?]*\\?${each}(?:(?:(?:${names.join('|')})(?:=[^&]*)?)?(?:&|\\z))*\\z`;
}

/**
 * The text itself or, where it has `\x22` and the like, what nginx logs so: `log_format` escapes quotes, backslashes, control
 * characters and all that is not ASCII, unless it says `escape=json` or `none`.
 */
function quote(text: string): string {
  return text
    .split(/(\\x[0-9A-F]{2})/)
    .map((part, index) => (index % 2 === 0 ? quoteBytes(part) : `(?:${quoteBytes(part)}|${part.toLowerCase()})`))
    .join('');
}

/** Only bytes that mean the same to nginx's parser, to PCRE and to people stay as they are; all others are written as numbers. */
function quoteBytes(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9 /,:;_=-]/.test(character) ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
    })
    .join('');
}

/** Matches `$msec` before a second of the years 2001 to 2286: ten digits, of which the first that differs is smaller. */
function beforePattern(untilMs: number): string {
  const digits = String(Math.floor(untilMs / 1000));
  const smaller = [...digits].flatMap((digit, index) => {
    if (digit === '0') return [];
    const rest = digits.length - index - 1;
    return [`${digits.slice(0, index)}[0-${Number(digit) - 1}]${rest > 0 ? `\\d{${rest}}` : ''}`];
  });
  return `^(?:${smaller.join('|')})\\.`;
}

/** For the people who read the file. */
function describe(match: LaneMatch): string {
  return JSON.stringify(match).replace(/[^\x20-\x7e]/g, '?');
}
