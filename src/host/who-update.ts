/** Makes the table of networks from a file that others publish; asks no network for anything. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseIp2asn } from './ip2asn.ts';
import { isMmdb, parseMmdb } from './mmdb.ts';
import { encodeWhoTable, WhoTable, WhoTableError, whoFileError } from './who-table.ts';

/** The tables of the whole Internet have some 50 MB. */
const SOURCE_BYTES_MAX = 1 << 29;

export interface WhoUpdate {
  readonly ranges: number;
  readonly madeMs: number;
}

/**
 * Reads a table of IPtoASN (plain or gzipped) or a MaxMind DB file and writes the table to `path`, whole or not at all.
 * Where the source does not say when it was made, its modification time counts. Throws WhoTableError.
 */
export function updateWhoTable(source: string, path: string): WhoUpdate {
  const { bytes, modifiedMs } = load(source);
  const isDatabase = isMmdb(bytes);
  const { ranges, madeMs } = isDatabase
    ? parseMmdb(bytes, source)
    : { ranges: parseIp2asn(bytes.toString('utf8'), source), madeMs: modifiedMs };
  if (ranges.length === 0) throw new WhoTableError('unusable', `${source} names nobody`);
  const next = `${path}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(next, encodeWhoTable(ranges, madeMs));
    const table = new WhoTable(next);
    table.close();
    renameSync(next, path);
    return { ranges: table.ranges, madeMs };
  } catch (error) {
    rmSync(next, { force: true });
    if (error instanceof RangeError) throw new WhoTableError('unusable', `${source}: ${error.message}`);
    if (error instanceof WhoTableError) throw error;
    throw whoFileError('write', path, error);
  }
}

function load(source: string): { bytes: Buffer; modifiedMs: number } {
  try {
    const { mtimeMs, size } = statSync(source);
    if (size > SOURCE_BYTES_MAX) throw new WhoTableError('unusable', `${source} has more than 512 MiB`);
    const bytes = readFileSync(source);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    return { bytes: isGzip ? gunzipSync(bytes, { maxOutputLength: SOURCE_BYTES_MAX }) : bytes, modifiedMs: mtimeMs };
  } catch (error) {
    if (error instanceof WhoTableError) throw error;
    throw whoFileError('read', source, error);
  }
}
