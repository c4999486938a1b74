/**
 * Who runs which network: a file of sorted ranges that is searched where it lies, a few reads for an answer, so that a
 * daemon that is not asked holds none of it in memory.
 *
 *     header   8 bytes magic, then as unsigned 32-bit numbers: ranges of IPv4, of IPv6, owners, bytes of names, and the
 *              data's time in epoch seconds
 *     ranges   IPv4: 4 bytes first address, 4 bytes owner; IPv6: 16 and 4. A range ends where the next begins; owner 0 is nobody
 *     owners   4 bytes ASN, 4 bytes where its name begins, 2 bytes length of the name, 2 bytes country
 *     names    UTF-8
 *
 * All numbers are big-endian, so that the bytes of addresses compare as addresses do.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CodedError, codeOf } from '../model/coded-error.ts';
import type { NetworkOwner } from '../model/who.ts';
import type { Prefix } from '../net/prefix.ts';

const MAGIC = 'ZBANWHO1';
const HEADER_BYTES = 28;
const OWNER_BYTES = 12;
const ADDRESS_BYTES = { 4: 4, 6: 16 } as const;
const NAME_BYTES_MAX = 0xffff;

/** A file that can't be used; the message says which and why. */
export class WhoTableError extends CodedError<'missing' | 'no_permission' | 'unusable'> {
  override readonly name = 'WhoTableError';
}

/** A range of addresses of one family, both ends included. */
export interface OwnedRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
  readonly owner: NetworkOwner;
}

export class WhoTable {
  /** When the data was made, epoch milliseconds. */
  readonly madeMs: number;
  private readonly fd: number;
  private readonly counts: Readonly<Record<4 | 6, number>>;
  private readonly ownersAt: number;
  private readonly namesAt: number;

  /** Throws WhoTableError. */
  constructor(path: string) {
    this.fd = open(path);
    try {
      const header = this.read(0, HEADER_BYTES);
      const number = (index: number) => header.readUInt32BE(MAGIC.length + 4 * index);
      const isTable = header.toString('latin1', 0, MAGIC.length) === MAGIC;
      this.counts = { 4: number(0), 6: number(1) };
      this.ownersAt = this.rangesAt(6) + this.counts[6] * rangeBytes(6);
      this.namesAt = this.ownersAt + number(2) * OWNER_BYTES;
      this.madeMs = number(4) * 1000;
      if (!isTable || fstatSync(this.fd).size !== this.namesAt + number(3)) throw new RangeError('no such file');
    } catch {
      closeSync(this.fd);
      throw new WhoTableError(
        'unusable',
        `${path} is no table of zban's, or not whole: write it anew with zban who update --file FILE`,
      );
    }
  }

  get ranges(): number {
    return this.counts[4] + this.counts[6];
  }

  /** Who runs the network in which the prefix begins; undefined where the table knows nobody. */
  find({ family, value }: Prefix): NetworkOwner | undefined {
    const width = ADDRESS_BYTES[family];
    const address = Buffer.from(value.toString(16).padStart(width * 2, '0'), 'hex');
    let [low, high, owner] = [0, this.counts[family], 0];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const range = this.read(this.rangesAt(family) + middle * rangeBytes(family), rangeBytes(family));
      if (range.compare(address, 0, width, 0, width) <= 0) {
        owner = range.readUInt32BE(width);
        low = middle + 1;
      } else high = middle;
    }
    return owner === 0 ? undefined : this.owner(owner - 1);
  }

  close(): void {
    closeSync(this.fd);
  }

  private owner(index: number): NetworkOwner {
    const bytes = this.read(this.ownersAt + index * OWNER_BYTES, OWNER_BYTES);
    const name = this.read(this.namesAt + bytes.readUInt32BE(4), bytes.readUInt16BE(8)).toString('utf8');
    return { asn: bytes.readUInt32BE(0), name, country: bytes.toString('latin1', 10).replaceAll('\0', '') };
  }

  private rangesAt(family: 4 | 6): number {
    return HEADER_BYTES + (family === 4 ? 0 : this.counts[4] * rangeBytes(4));
  }

  private read(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    if (readSync(this.fd, bytes, 0, length, at) !== length) throw new RangeError('the file ends early');
    return bytes;
  }
}

function rangeBytes(family: 4 | 6): number {
  return ADDRESS_BYTES[family] + 4;
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw whoFileError('read', path, error);
  }
}

/** What the file system says about a file, as WhoTableError. */
export function whoFileError(verb: 'read' | 'write', path: string, error: unknown): WhoTableError {
  const cause = codeOf(error) ?? String(error);
  const isRefused = cause === 'EACCES' || cause === 'EPERM';
  const code = cause === 'ENOENT' ? 'missing' : isRefused ? 'no_permission' : 'unusable';
  return new WhoTableError(code, `cannot ${verb} ${path}: ${cause}`, { cause: error });
}

/** Takes ranges in ascending order, so that the tables of the whole Internet need no more memory than their file. */
export class WhoTableBuilder {
  private readonly parts = { 4: new RangeList(4), 6: new RangeList(6) } as const;
  private readonly owners = new OwnerList();

  /** Throws RangeError for a range that begins before the end of the one before it in its family. */
  add({ family, first, last, owner }: OwnedRange): void {
    this.parts[family].add(first, last, () => this.owners.numberOf(owner));
  }

  /** The bytes of the table. */
  finish(madeMs: number): Buffer {
    const { parts, owners } = this;
    const ranges = [parts[4].finish(), parts[6].finish()] as const;
    const names = Buffer.concat(owners.names);
    const counts = [ranges[0].length / rangeBytes(4), ranges[1].length / rangeBytes(6)];
    const header = Buffer.alloc(HEADER_BYTES);
    header.write(MAGIC, 'latin1');
    [...counts, owners.records.length, names.length, Math.floor(madeMs / 1000)].forEach((value, index) => {
      header.writeUInt32BE(value, MAGIC.length + 4 * index);
    });
    return Buffer.concat([header, ...ranges, ...owners.records, names]);
  }
}

/** The ranges of one family; between two of them there may be a gap, which is a range of nobody's. */
class RangeList {
  private readonly family: 4 | 6;
  private bytes = Buffer.alloc(1 << 16);
  private at = 0;
  /** Behind the last range, and its owner. */
  private next = 0n;
  private owner = 0;

  constructor(family: 4 | 6) {
    this.family = family;
  }

  add(first: bigint, last: bigint, numberOf: () => number): void {
    if (first < this.next)
      throw new RangeError(
        `ranges overlap or are out of order at ${first.toString(16)} (hexadecimal, IPv${this.family})`,
      );
    if (first > this.next) this.begin(this.next, 0);
    this.begin(first, numberOf());
    this.next = last + 1n;
  }

  finish(): Buffer {
    if (this.next < 1n << BigInt(ADDRESS_BYTES[this.family] * 8)) this.begin(this.next, 0);
    return this.bytes.subarray(0, this.at);
  }

  private begin(first: bigint, owner: number): void {
    const width = ADDRESS_BYTES[this.family];
    if (owner === this.owner) return;
    if (this.at + width + 4 > this.bytes.length)
      this.bytes = Buffer.concat([this.bytes, Buffer.alloc(this.bytes.length)]);
    this.bytes.write(first.toString(16).padStart(width * 2, '0'), this.at, 'hex');
    this.at = this.bytes.writeUInt32BE(owner, this.at + width);
    this.owner = owner;
  }
}

/** Every owner once, and every name once. */
class OwnerList {
  readonly records: Buffer[] = [];
  readonly names: Buffer[] = [];
  private readonly indices = new Map<string, number>();
  private readonly places = new Map<string, { at: number; length: number }>();
  private bytes = 0;

  /** Its number in the ranges, from 1. */
  numberOf({ asn, name, country }: NetworkOwner): number {
    const key = `${asn} ${country} ${name}`;
    const known = this.indices.get(key);
    if (known !== undefined) return known;
    const place = this.place(name);
    const record = Buffer.alloc(OWNER_BYTES);
    record.writeUInt32BE(asn, 0);
    record.writeUInt32BE(place.at, 4);
    record.writeUInt16BE(place.length, 8);
    record.write(country.slice(0, 2), 10, 'latin1');
    this.records.push(record);
    this.indices.set(key, this.records.length);
    return this.records.length;
  }

  private place(name: string): { at: number; length: number } {
    const known = this.places.get(name);
    if (known) return known;
    const bytes = Buffer.from(name).subarray(0, NAME_BYTES_MAX);
    const place = { at: this.bytes, length: bytes.length };
    this.names.push(bytes);
    this.bytes += bytes.length;
    this.places.set(name, place);
    return place;
  }
}
