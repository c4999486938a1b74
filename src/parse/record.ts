/** The slow path: a line as named text values, with plain JSON.parse or a regular expression. Also used for samples. */
import { isAnything, isRecord, isText, parseJson } from '../model/shape.ts';
import { FIELD_NAMES, type FieldKeys, type FieldName } from './fields.ts';

export type LogRecord = Partial<Record<FieldName, string>>;

/** nginx writes `\xHH` where `escape=json` was forgotten; JSON has no such escape. */
const HEX_ESCAPE = /((?:^|[^\\])(?:\\\\)*)\\x([0-9A-Fa-f]{2})/g;

/** A member of an object, whose value may be anything without quotes, up to the next member or the end. */
const MEMBER =
  /[ \t\r]*("[^"\\]*(?:\\.[^"\\]*)*")[ \t\r]*:[ \t\r]*(?:("[^"\\]*(?:\\.[^"\\]*)*")[ \t\r]*|((?:\\.|[^"\\])*?))(,(?=[ \t\r]*")|\}[ \t\r]*$)/sy;

/**
 * An object of JSON but for values without quotes that are none: what nginx writes for a variable that is empty (`-`, or
 * nothing), for the status 000, or for a header whose quotes were forgotten. Quotes are escaped in all of them, so that no
 * client writes a key. Undefined for everything else.
 */
function parseBareObject(text: string): Record<string, unknown> | undefined {
  const open = /^[ \t\r]*\{/.exec(text);
  const object: Record<string, unknown> = {};
  MEMBER.lastIndex = open?.[0].length ?? text.length;
  for (;;) {
    const [, key, quoted, bare = '', end] = MEMBER.exec(text) ?? [];
    const name = key === undefined ? undefined : parseJson(key, isText);
    const value = parseJson(quoted ?? bare, isAnything) ?? (quoted === undefined ? bare.trim() : undefined);
    if (name === undefined || value === undefined) return undefined;
    Object.defineProperty(object, name, { value, configurable: true });
    if (end !== ',') return object;
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  let value = parseJson(text, isAnything);
  if (value === undefined) {
    // Twice, because neighbouring escapes share the character between them.
    const unescaped = text.replace(HEX_ESCAPE, '$1\\u00$2').replace(HEX_ESCAPE, '$1\\u00$2');
    value = parseJson(unescaped, isAnything) ?? parseBareObject(unescaped);
  }
  return isRecord(value) ? value : undefined;
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

/** Method and path, from their own fields or from the request line. */
export function requestOf(record: LogRecord): { method: string; path: string } {
  const [, method = '', path = ''] = /^([A-Z]{1,20}) (.*?)(?: HTTP\/[\d.]+)?$/.exec(record.request ?? '') ?? [];
  return { method: record.method ?? method, path: record.path ?? path };
}
