/**
 * Reads every network of a MaxMind DB file, as GeoLite2-ASN, DB-IP and IPinfo publish them
 * (https://maxmind.github.io/MaxMind-DB/, version 2.0).
 */
import type { NetworkOwner } from '../model/who.ts';
import { type OwnedRange, WhoTableError } from './who-table.ts';

const METADATA_MARK = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
/** Zeros between the tree and the data. */
const SEPARATOR_BYTES = 16;
const DEPTH_MAX = 16;

type Value = string | number | bigint | boolean | Buffer | readonly Value[] | Readonly<{ [key: string]: Value }>;

export interface Mmdb {
  readonly madeMs: number;
  /** In ascending order; reading them may throw WhoTableError. */
  readonly ranges: Iterable<OwnedRange>;
}

/** True for a file that ends as these do. */
export function isMmdb(bytes: Buffer): boolean {
  return bytes.lastIndexOf(METADATA_MARK) >= 0;
}

/** The networks with an owner. Throws WhoTableError for a file that is not whole. */
export function parseMmdb(bytes: Buffer, path: string): Mmdb {
  const explain = (error: unknown): unknown =>
    error instanceof RangeError
      ? new WhoTableError('unusable', `${path} is no whole MaxMind DB file: ${error.message}`)
      : error;
  try {
    const { madeMs, ...layout } = readLayout(bytes);
    const ranges = function* () {
      try {
        yield* walk(bytes, layout);
      } catch (error) {
        throw explain(error);
      }
    };
    return { madeMs, ranges: ranges() };
  } catch (error) {
    throw explain(error);
  }
}

interface Layout {
  /** Nodes of the tree, and bits of a record. */
  readonly count: number;
  readonly size: number;
  /** Bits of an address. */
  readonly width: 32 | 128;
  readonly dataAt: number;
}

function readLayout(bytes: Buffer): Layout & { readonly madeMs: number } {
  const start = bytes.lastIndexOf(METADATA_MARK) + METADATA_MARK.length;
  const metadata = new Decoder(bytes, start).decode(start).value;
  const count = numberIn(metadata, 'node_count');
  const size = numberIn(metadata, 'record_size');
  const width = numberIn(metadata, 'ip_version') === 4 ? 32 : 128;
  if (![24, 28, 32].includes(size)) throw new RangeError(`records of ${size} bits`);
  const dataAt = (count * size) / 4 + SEPARATOR_BYTES;
  if (dataAt > bytes.length) throw new RangeError('the tree ends early');
  return { count, size, width, dataAt, madeMs: numberIn(metadata, 'build_epoch') * 1000 };
}

function* walk(bytes: Buffer, layout: Layout): Generator<OwnedRange> {
  const { count, size, width, dataAt } = layout;
  const decoder = new Decoder(bytes, dataAt);
  /** By their place: thousands of networks share one. */
  const owners = new Map<number, NetworkOwner | undefined>();
  const ipv4 = findIpv4(bytes, layout);
  const stack: [node: number, depth: number, value: bigint][] = [[0, 0, 0n]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [node, depth, value] = next;
    if (node === ipv4 && !(depth === 96 && value === 0n)) continue;
    if (node < count) {
      if (depth >= width) throw new RangeError('the tree is too deep');
      stack.push([readRecord(bytes, node, size, 1), depth + 1, value | (1n << BigInt(width - depth - 1))]);
      stack.push([readRecord(bytes, node, size, 0), depth + 1, value]);
    } else if (node > count) {
      const at = dataAt + node - count - SEPARATOR_BYTES;
      if (!owners.has(at)) owners.set(at, ownerOf(decoder.decode(at).value));
      const owner = owners.get(at);
      if (owner) yield rangeOf(value, depth, width, owner);
    }
  }
}

/** IPv4 stands at ::/96 of an IPv6 tree; other places point to the same nodes, and their networks are those of IPv4. */
function findIpv4(bytes: Buffer, { count, size, width }: Layout): number | undefined {
  let node = 0;
  for (let depth = 0; depth < 96; depth++) {
    if (width === 32 || node >= count) return undefined;
    node = readRecord(bytes, node, size, 0);
  }
  return node < count ? node : undefined;
}

function rangeOf(value: bigint, depth: number, width: number, owner: NetworkOwner): OwnedRange {
  const family = width === 32 || (value >> 32n === 0n && depth >= 96) ? 4 : 6;
  return { family, first: value, last: value + (1n << BigInt(width - depth)) - 1n, owner };
}

/** One of the two records of a node, `side` 0 or 1. */
function readRecord(bytes: Buffer, node: number, size: number, side: number): number {
  const at = (node * size) / 4;
  if (size === 24) return bytes.readUIntBE(at + 3 * side, 3);
  if (size === 32) return bytes.readUInt32BE(at + 4 * side);
  const middle = bytes.readUInt8(at + 3);
  const high = side === 0 ? middle >> 4 : middle & 15;
  return high * 0x100_0000 + bytes.readUIntBE(at + 4 * side, 3);
}

/** Keys of GeoLite2 and DB-IP, of IPinfo, and of the country files of both. */
function ownerOf(value: Value): NetworkOwner | undefined {
  const text = (...keys: string[]) =>
    keys.map((key) => find(value, key)).find((each) => typeof each === 'string') ?? '';
  const system = find(value, 'autonomous_system_number') ?? find(value, 'asn') ?? 0;
  const asn = Number(String(system).replace(/^AS/, ''));
  const name = String(text('autonomous_system_organization', 'as_name', 'name'));
  const iso = find(find(value, 'country') ?? '', 'iso_code');
  const country = String(typeof iso === 'string' ? iso : text('country_code', 'country'));
  const owner = { asn: Number.isInteger(asn) ? asn : 0, name, country: /^[A-Z]{2}$/.test(country) ? country : '' };
  return owner.asn === 0 && owner.name === '' && owner.country === '' ? undefined : owner;
}

function find(value: Value, key: string): Value | undefined {
  return typeof value === 'object' && !Array.isArray(value) && !Buffer.isBuffer(value)
    ? (value as Readonly<{ [key: string]: Value }>)[key]
    : undefined;
}

function numberIn(value: Value, key: string): number {
  const found = Number(find(value, key));
  if (!Number.isSafeInteger(found)) throw new RangeError(`no ${key}`);
  return found;
}

/** The data section: a control byte with type and size, then the value. */
class Decoder {
  private readonly bytes: Buffer;
  private readonly base: number;

  constructor(bytes: Buffer, base: number) {
    this.bytes = bytes;
    this.base = base;
  }

  decode(start: number, depth = 0): { readonly value: Value; readonly next: number } {
    if (depth > DEPTH_MAX) throw new RangeError('values too deep');
    const control = this.bytes.readUInt8(start);
    let at = start + 1;
    let type = control >> 5;
    if (type === 1) return this.decodePointer(control, at, depth);
    if (type === 0) type = 7 + this.bytes.readUInt8(at++);
    let size = control & 31;
    if (size >= 29) {
      const length = size - 28;
      size = [29, 285, 65_821][length - 1] as number;
      size += this.bytes.readUIntBE(at, length);
      at += length;
    }
    if (type === 7 || type === 11) return this.decodeMany(type, size, at, depth);
    if (type === 14) return { value: size === 1, next: at };
    if (at + size > this.bytes.length) throw new RangeError('a value ends early');
    return { value: this.decodeOne(type, size, at), next: at + size };
  }

  private decodePointer(control: number, at: number, depth: number) {
    const length = ((control >> 3) & 3) + 1;
    const read = this.bytes.readUIntBE(at, length);
    const high = control & 7;
    const pointer = [high * 2 ** 8, 2048 + high * 2 ** 16, 526_336 + high * 2 ** 24, 0][length - 1] as number;
    return { value: this.decode(this.base + pointer + read, depth + 1).value, next: at + length };
  }

  private decodeMany(type: number, size: number, start: number, depth: number) {
    const list: Value[] = [];
    const map: { [key: string]: Value } = {};
    let at = start;
    for (let count = 0; count < size; count++) {
      const first = this.decode(at, depth + 1);
      at = first.next;
      if (type === 11) {
        list.push(first.value);
        continue;
      }
      const second = this.decode(at, depth + 1);
      at = second.next;
      map[String(first.value)] = second.value;
    }
    return { value: type === 11 ? list : map, next: at };
  }

  private decodeOne(type: number, size: number, at: number): Value {
    if (type === 2) return this.bytes.toString('utf8', at, at + size);
    if (type === 3) return this.bytes.readDoubleBE(at);
    if (type === 15) return this.bytes.readFloatBE(at);
    if (type === 4) return this.bytes.subarray(at, at + size);
    // Unsigned and signed numbers, of which owners have none below zero.
    if ([5, 6, 8, 9, 10].includes(type)) return BigInt(`0x${this.bytes.toString('hex', at, at + size) || '0'}`);
    throw new RangeError(`a value of type ${type}`);
  }
}
