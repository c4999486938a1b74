/**
 * Plain data as bytes: small values as JSON, long lists of numbers as binary columns behind it. Little-endian:
 *
 *     u32 mark · u32 version · u32 length of everything · u32 checksum of what follows · u32 length of the JSON · JSON · columns
 */
import { FNV_OFFSET, step } from '../parse/fnv.ts';

/** "ZBAN" as bytes. */
const MARK = 0x4e41425a;
/** Goes up with every change of what is packed, or how: a state of another version is learned anew. */
const VERSION = 4;
const HEADER_BYTES = 20;
/** Shorter lists cost less where they stand. */
const COLUMN_MIN = 16;
/** Stands for a column in the JSON. Keys of plain data do not begin like that. */
const COLUMN = '$column';

/** How a list is written. `varint`: integers below 2^32, seven bits a byte (LEB128); `f64`: anything else. */
type Kind = 'varint' | 'f64';

interface ColumnHead {
  readonly [COLUMN]: Kind;
  readonly count: number;
  /** Offset behind the JSON, and bytes. */
  readonly at: number;
  readonly bytes: number;
}

/** `value` holds what JSON can hold. The bytes own their buffer, so that it can be transferred. */
export function packState(value: unknown): Uint8Array<ArrayBuffer> {
  const columns: Uint8Array[] = [];
  let at = 0;
  const json = JSON.stringify(value, (_key, part: unknown) => {
    if (!isColumn(part)) return part;
    const kind = part.every((number) => number >>> 0 === number) ? 'varint' : 'f64';
    const column = kind === 'varint' ? packVarints(part) : new Uint8Array(Float64Array.from(part).buffer);
    const head: ColumnHead = { [COLUMN]: kind, count: part.length, at, bytes: column.length };
    columns.push(column);
    at += column.length;
    return head;
  });
  const head = new TextEncoder().encode(json);
  const bytes = new Uint8Array(HEADER_BYTES + head.length + at);
  bytes.set(head, HEADER_BYTES);
  let end = HEADER_BYTES + head.length;
  for (const column of columns) {
    bytes.set(column, end);
    end += column.length;
  }
  const view = new DataView(bytes.buffer);
  const write = (index: number, word: number) => view.setUint32(4 * index, word, true);
  write(0, MARK);
  write(1, VERSION);
  write(2, bytes.length);
  write(4, head.length);
  write(3, checksum(bytes));
  return bytes;
}

/** Undefined for bytes of another version. Throws SyntaxError, which says why, for damaged bytes and for what was never packed. */
export function unpackState(bytes: Uint8Array): unknown {
  if (!isPacked(bytes)) throw new SyntaxError('it is not packed as this version does');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [version, length, sum, headLength] = [1, 2, 3, 4].map((index) => view.getUint32(4 * index, true));
  if (version !== VERSION) return undefined;
  if (length !== bytes.length) throw new SyntaxError(`${bytes.length} bytes instead of ${length}`);
  if (sum !== checksum(bytes)) throw new SyntaxError('the checksum does not match');
  const columns = HEADER_BYTES + (headLength ?? 0);
  const json = new TextDecoder().decode(bytes.subarray(HEADER_BYTES, columns));
  return JSON.parse(json, (_key, part: unknown) => {
    if (!isColumnHead(part)) return part;
    const from = columns + part.at;
    const column = bytes.subarray(from, from + part.bytes);
    // Copied to where it is aligned; a Buffer's own `slice` copies nothing.
    return part[COLUMN] === 'varint' ? unpackVarints(column, part.count) : [...new Float64Array(copyOf(column).buffer)];
  });
}

/** True for packed bytes of any version; they may be damaged. */
function isPacked(bytes: Uint8Array): boolean {
  return bytes.length >= HEADER_BYTES && new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === MARK;
}

function isColumn(part: unknown): part is readonly number[] {
  return Array.isArray(part) && part.length >= COLUMN_MIN && part.every(Number.isFinite);
}

function isColumnHead(part: unknown): part is ColumnHead {
  return typeof part === 'object' && part !== null && COLUMN in part;
}

const copyOf = (bytes: Uint8Array) => new Uint8Array(bytes);

/** FNV-1a, 32 bits (RFC 9923), over everything behind the checksum. */
function checksum(bytes: Uint8Array): number {
  let hash = FNV_OFFSET;
  for (let at = HEADER_BYTES - 4; at < bytes.length; at++) hash = step(hash, bytes[at] as number);
  return hash >>> 0;
}

function packVarints(numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(5 * numbers.length);
  let end = 0;
  for (let rest of numbers) {
    for (; rest >= 0x80; rest >>>= 7) bytes[end++] = (rest & 0x7f) | 0x80;
    bytes[end++] = rest;
  }
  return bytes.subarray(0, end);
}

function unpackVarints(bytes: Uint8Array, count: number): number[] {
  let at = 0;
  return Array.from({ length: count }, () => {
    let number = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      number |= (byte & 0x7f) << shift;
      if (byte < 0x80) return number >>> 0;
    }
  });
}
