/** Makes the table of networks from a file that others publish; asks no network for anything. */
import { createReadStream, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { createIp2asnReader } from './ip2asn.ts';
import { isMmdb, parseMmdb } from './mmdb.ts';
import { WhoTable, WhoTableBuilder, WhoTableError, whoFileError } from './who-table.ts';

/** Files of MaxMind's form are read whole; those with networks alone have some 10 MB. */
const MMDB_BYTES_MAX = 1 << 28;
/** Where such a file has its metadata (MaxMind DB, "Database Metadata"). */
const METADATA_BYTES_MAX = 131_072;
const LINE_LENGTH_MAX = 65_536;

export interface WhoUpdate {
  readonly ranges: number;
  readonly madeMs: number;
}

/**
 * Reads a table of IPtoASN (plain or gzipped) or a MaxMind DB file and writes the table to `path`, whole or not at all.
 * Where the source does not say when it was made, its modification time counts. Rejects with WhoTableError.
 */
export async function updateWhoTable(source: string, path: string): Promise<WhoUpdate> {
  const bytes = await readSource(source);
  const next = `${path}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(next, bytes);
    const table = new WhoTable(next);
    table.close();
    if (table.ranges === 0) throw new WhoTableError('unusable', `${source} names nobody`);
    renameSync(next, path);
    return { ranges: table.ranges, madeMs: table.madeMs };
  } catch (error) {
    rmSync(next, { force: true });
    throw error instanceof WhoTableError ? error : whoFileError('write', path, error);
  }
}

/** The source as a table. */
async function readSource(source: string): Promise<Buffer> {
  const builder = new WhoTableBuilder();
  try {
    const { isGzip, isDatabase, modifiedMs, size } = await look(source);
    if (!isDatabase) {
      await readLines(source, isGzip, builder);
      return builder.finish(modifiedMs);
    }
    if (size > MMDB_BYTES_MAX) throw new WhoTableError('unusable', `${source} has more than 256 MiB`);
    const { madeMs, ranges } = parseMmdb(readFileSync(source), source);
    for (const range of ranges) builder.add(range);
    return builder.finish(madeMs);
  } catch (error) {
    if (error instanceof WhoTableError) throw error;
    if (error instanceof RangeError) throw new WhoTableError('unusable', `${source}: ${error.message}`);
    throw whoFileError('read', source, error);
  }
}

/** What kind of file it is, by its beginning and its end. */
async function look(source: string) {
  const file = await open(source);
  try {
    const { size, mtimeMs: modifiedMs } = await file.stat();
    const head = Buffer.alloc(2);
    await file.read(head, 0, 2, 0);
    const tail = Buffer.alloc(Math.min(size, METADATA_BYTES_MAX));
    await file.read(tail, 0, tail.length, size - tail.length);
    return { isGzip: head.equals(Buffer.from([0x1f, 0x8b])), isDatabase: isMmdb(tail), size, modifiedMs };
  } finally {
    await file.close();
  }
}

/** A line at a time: the whole text would take half a gigabyte of memory. */
async function readLines(source: string, isGzip: boolean, builder: WhoTableBuilder): Promise<void> {
  const read = createIp2asnReader(source);
  const decoder = new TextDecoder();
  const add = (line: string) => {
    const range = read(line.replace(/\r$/, ''));
    if (range) builder.add(range);
  };
  const take = async (input: AsyncIterable<Buffer>) => {
    let rest = '';
    for await (const bytes of input) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_LENGTH_MAX) throw new WhoTableError('unusable', `${source} has no lines: what is it?`);
      for (const line of lines) add(line);
    }
    add(rest);
  };
  const file = createReadStream(source);
  await (isGzip ? pipeline(file, createGunzip(), take) : pipeline(file, take));
}
