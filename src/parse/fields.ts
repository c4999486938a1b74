/** Which keys of a log object mean which field of an access event. */

/** Keys read for each field by default, the preferred one first. */
const DEFAULT_KEYS = {
  timestamp: ['timestamp', 'msec', 'time', 'time_iso8601', 'time_local', '@timestamp'],
  source_ip: ['source_ip', 'remote_addr', 'client_ip', 'clientip'],
  method: ['method', 'request_method'],
  path: ['path', 'request_uri', 'uri'],
  request: ['request'],
  status: ['status'],
  response_size: ['response_size', 'body_bytes_sent', 'bytes_sent'],
  request_time: ['request_time'],
  user_agent: ['user_agent', 'http_user_agent'],
  referer: ['referer', 'http_referer'],
  host: ['host', 'http_host'],
  realip_remote_addr: ['realip_remote_addr'],
} as const satisfies Record<string, readonly string[]>;

export type FieldName = keyof typeof DEFAULT_KEYS;
export const FIELD_NAMES = Object.keys(DEFAULT_KEYS) as readonly FieldName[];

/** Keys of every field, preferred first. */
export type FieldKeys = Readonly<Record<FieldName, readonly string[]>>;

/** The default keys with `renames` (configuration `logs[].fields`) in the place of the fields they name. */
export function fieldKeys(renames: Readonly<Partial<Record<FieldName, string | readonly string[]>>> = {}): FieldKeys {
  const entries = FIELD_NAMES.map((name) => {
    const given = renames[name];
    return [name, given === undefined ? DEFAULT_KEYS[name] : typeof given === 'string' ? [given] : given];
  });
  return Object.fromEntries(entries) as FieldKeys;
}

/** The fields that the data plane needs of every line, in the order of the scanner's slots. */
export const SCANNED = [
  ...(['timestamp', 'source_ip', 'path', 'request', 'status'] as const),
  ...(['method', 'referer', 'user_agent', 'response_size', 'request_time'] as const),
] satisfies readonly FieldName[];
export const [TIMESTAMP, ADDRESS, PATH, REQUEST, STATUS, METHOD, REFERER, USER_AGENT, RESPONSE_SIZE, REQUEST_TIME] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
] as const;
