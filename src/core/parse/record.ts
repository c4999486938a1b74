/** The slow path: a line as named text values, with plain JSON.parse or a regular expression. Also used for samples. */
import { FIELD_NAMES, type FieldKeys, type FieldName } from './fields.ts';

export type LogRecord = Partial<Record<FieldName, string>>;

/** nginx writes `\xHH` where `escape=json` was forgotten; JSON has no such escape. */
const HEX_ESCAPE = /((?:^|[^\\])(?:\\\\)*)\\x([0-9A-Fa-f]{2})/g;

function parseObject(text: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    if (!text.includes('\\x')) return undefined;
    // Twice, because neighbouring escapes share the character between them.
    const mended = text.replace(HEX_ESCAPE, '$1\\u00$2').replace(HEX_ESCAPE, '$1\\u00$2');
    try {
      value = JSON.parse(mended);
    } catch {
      return undefined;
    }
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** Reads a JSON log line; undefined when it is no JSON object. Fields with an empty value or `-` are left out. */
export function parseJsonRecord(text: string, keys: FieldKeys): LogRecord | undefined {
  const object = parseObject(text);
  if (!object) return undefined;
  const record: LogRecord = {};
  for (const name of FIELD_NAMES) {
    for (const key of keys[name]) {
      const value = Object.hasOwn(object, key) ? object[key] : undefined;
      if (typeof value !== 'string' && typeof value !== 'number') continue;
      const text = String(value);
      if (text === '' || text === '-') continue;
      record[name] = text;
      break;
    }
  }
  return record;
}

const COMBINED =
  /^(\S+) .*? ?\[([^\]]{26})\] "((?:[^"\\]|\\.)*)" (\d{3}|-)(?: (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?)?/;

/** Reads a line of nginx's `combined` format (the common format without referer and agent too). */
export function parseCombinedRecord(text: string): LogRecord | undefined {
  const match = COMBINED.exec(text);
  if (!match) return undefined;
  const names = ['source_ip', 'timestamp', 'request', 'status', 'response_size', 'referer', 'user_agent'] as const;
  const record: LogRecord = {};
  for (const [index, name] of names.entries()) {
    const value = match[index + 1];
    if (value !== undefined && value !== '' && value !== '-') record[name] = value;
  }
  return record;
}

/** Method and path, from their own fields or from the request line. */
export function requestOf(record: LogRecord): { method: string; path: string } {
  const [, method = '', path = ''] = /^([A-Z]{1,20}) (.*?)(?: HTTP\/[\d.]+)?$/.exec(record.request ?? '') ?? [];
  return { method: record.method ?? method, path: record.path ?? path };
}
