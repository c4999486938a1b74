/** The files beside a log that may be its older generations. */
import { closeSync, fstatSync, openSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FileMark } from '../model/chunk.ts';
import { ArchivedFile } from './archived-file.ts';
import { type Compression, findCompression, readCompressedHead } from './compression.ts';
import { findElsewhere } from './elsewhere.ts';
import { FINGERPRINT_BYTES_MAX, fingerprintOf, headMatches, readHead } from './fingerprint.ts';
import type { Generation, Times } from './generation.ts';
import { findStat, namesIn, realPath } from './look.ts';
import { isRotatedName, isSameSeries } from './rotated-names.ts';
import { SourceError } from './source-error.ts';
import { TailedFile } from './tailed-file.ts';

/** More generations than this are not gone through; the oldest are left out. */
const SIBLINGS_MAX = 64;
/** So often files are looked for again that rotation renames meanwhile: it is done within milliseconds. */
const RENAMED_MAX = 20;

export interface Sibling {
  readonly file: string;
  readonly stat: Stats;
  readonly compression: Compression | undefined;
  /** Named as rotation names files, not only similarly. */
  readonly rotated: boolean;
}

/**
 * Regular files in the log's directory (and in that of the file a symbolic link points to) whose name begins with the
 * log's or is a rotated form of it, newest first. Files that can't be asked are left out.
 */
export function listSiblings(path: string): Sibling[] {
  const target = realPath(path);
  const places = [{ dir: dirname(path), base: basename(path), series: '' }];
  if (target !== path) {
    places.push({ dir: dirname(target), base: basename(target), series: basename(target) });
  }
  const found = new Map<string, Sibling>();
  for (const { dir, base, series } of places) {
    for (const name of namesIn(dir)) {
      const rotated = isRotatedName(base, name) || isSameSeries(series, name);
      if (!rotated && !name.startsWith(base)) continue;
      const file = join(dir, name);
      if (file === path || file === target) continue;
      const stat = findStat(file);
      if (stat?.isFile()) found.set(file, { file, stat, compression: findCompression(name), rotated });
    }
  }
  const times = ({ stat }: Sibling) => [stat.mtimeMs, stat.birthtimeMs] as const;
  const newestFirst = (a: Sibling, b: Sibling) => times(b)[0] - times(a)[0] || times(b)[1] - times(a)[1];
  return [...found.values()].sort(newestFirst).slice(0, SIBLINGS_MAX);
}

/**
 * Opens the marked file wherever it is now, at its mark: under the log's own name, renamed, copied or compressed (then not
 * open any more when it is known to have no further byte). Undefined when it is gone.
 *
 * @param everywhere looks into other directories too
 */
export function findMarked(path: string, mark: FileMark, nowMs: number, everywhere = false): Generation | undefined {
  const find = () => {
    const own = findStat(path);
    const beside: Sibling[] = [
      ...(own?.isFile() ? [{ file: path, stat: own, compression: undefined, rotated: true }] : []),
      ...listSiblings(path),
    ];
    return findAmong(path, beside, mark, nowMs);
  };
  const isFinal = (found: Generation | undefined) => found !== undefined;
  const found = whileNamed(path, find, isFinal);
  return found ?? (everywhere ? findAmong(path, findElsewhere(path, mark), mark, nowMs) : undefined);
}

/**
 * Looks again when rotation gave files beside the log other names meanwhile, because one may have been passed over; unless
 * what was found `isFinal`.
 */
export function whileNamed<Found>(path: string, find: () => Found, isFinal: (found: Found) => boolean): Found {
  for (let left = RENAMED_MAX; ; left--) {
    const before = namedFiles(path);
    const found = find();
    if (isFinal(found) || left === 0 || namedFiles(path) === before) return found;
  }
}

/** Which file has which name. */
function namedFiles(path: string): string {
  const names = listSiblings(path).map(({ file, stat }) => `${file} ${stat.dev} ${stat.ino}`);
  return names.sort().join('\n');
}

function findAmong(path: string, files: readonly Sibling[], mark: FileMark, nowMs: number): Generation | undefined {
  const plain = files.filter(({ compression, rotated }) => !compression && (rotated || mark.fingerprintBytes > 0));
  // By inode first: copies made by hand have the same first bytes. Device numbers may change with a reboot.
  plain.sort((a, b) => Number(b.stat.ino === mark.inode) - Number(a.stat.ino === mark.inode));
  for (const { file, stat } of plain) {
    if (mark.fingerprintBytes === 0 && stat.ino !== mark.inode) continue;
    const opened = tryOpen(file, nowMs);
    if (opened?.continues(mark)) {
      opened.seek(mark.offset);
      opened.isCopy = opened.inode !== mark.inode;
      return opened;
    }
    opened?.close();
  }
  for (const sibling of files) {
    if (!sibling.compression || !headMatches(readSiblingHead(sibling), mark)) continue;
    const found = archived(path, sibling, mark, nowMs);
    const bytes = withFile(sibling.file, (fd) => unpackedBytes(fd, sibling.compression));
    if (bytes === mark.offset % 2 ** 32) found.close();
    return found;
  }
  return undefined;
}

/**
 * Opens the rotated files written after `anchor`, oldest first: generations that came and went unseen. Files for which
 * `isKnown` holds are left out, and compressed ones unless
 * asked for: some scripts compress a file long after it was written, and it would look new.
 */
export function findNewer(
  path: string,
  anchor: Times,
  which: { readonly isKnown: (mark: FileMark, head: Buffer) => boolean; readonly compressed: boolean },
  nowMs: number,
): Generation[] {
  let opened: Generation[] = [];
  const find = () => {
    for (const wrong of opened) wrong.close();
    const newer = listSiblings(path).filter(
      (sibling) =>
        sibling.rotated && (which.compressed || !sibling.compression) && isNewer(generationTimes(sibling), anchor),
    );
    opened = newer.reverse().flatMap((sibling) => openNew(path, sibling, which.isKnown, nowMs) ?? []);
    return opened;
  };
  return whileNamed(path, find, () => false);
}

function openNew(
  path: string,
  sibling: Sibling,
  isKnown: (mark: FileMark, head: Buffer) => boolean,
  nowMs: number,
): Generation | undefined {
  const head = readSiblingHead(sibling);
  const { dev: device, ino: inode } = sibling.stat;
  const mark = { device, inode, offset: 0, fingerprint: fingerprintOf(head), fingerprintBytes: head.length };
  if (isKnown(mark, head)) return undefined;
  return sibling.compression ? archived(path, sibling, mark, nowMs) : tryOpen(sibling.file, nowMs);
}

/** gzip(1) and the like keep the time of the last write; when the content began is lost. */
function generationTimes({ stat, compression }: Sibling): Times {
  return { writtenMs: stat.mtimeMs, bornMs: compression ? 0 : stat.birthtimeMs };
}

function isNewer(a: Times, b: Times): boolean {
  // A file made before the other is older, even when late lines were written into it afterwards.
  if (a.bornMs > 0 && b.bornMs > 0 && a.bornMs !== b.bornMs) return a.bornMs > b.bornMs;
  return a.writtenMs > b.writtenMs;
}

function archived(path: string, { file, stat }: Sibling, mark: FileMark, nowMs: number): ArchivedFile {
  const find = (sought: FileMark) =>
    findHolder(listSiblings(path), sought) ?? findHolder(findElsewhere(path, sought), sought);
  return new ArchivedFile({ file, bytes: stat.size, writtenMs: stat.mtimeMs, find }, mark, nowMs);
}

/** The first of these files that begins as the marked one does. */
export function findHolder(
  files: readonly Pick<Sibling, 'file' | 'compression'>[],
  mark: FileMark,
): string | undefined {
  return files.find((each) => headMatches(readSiblingHead(each), mark))?.file;
}

/** ISIZE of RFC 1952: the content's length modulo 2^32, of the last member. Others than gzip don't tell. */
export function unpackedBytes(fd: number, compression: Compression | undefined): number | undefined {
  if (compression !== 'gzip') return undefined;
  const trailer = readHead(fd, 4, Math.max(0, fstatSync(fd).size - 4));
  return trailer.length === 4 ? trailer.readUInt32LE() : undefined;
}

/** The first bytes of the content; empty when it can't be read. */
function readSiblingHead({ file, compression }: Pick<Sibling, 'file' | 'compression'>): Buffer {
  return withFile(file, (fd) => readContentHead(fd, compression)) ?? Buffer.alloc(0);
}

/** The first bytes of the content of an open file; empty when they can't be decompressed. */
export function readContentHead(fd: number, compression: Compression | undefined): Buffer {
  return compression ? readCompressedHead(fd, compression) : readHead(fd, FINGERPRINT_BYTES_MAX);
}

/** What `use` gives of the file, undefined where the file can't be opened or read. */
export function withFile<T>(file: string, use: (fd: number) => T): T | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    return use(fd);
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function tryOpen(file: string, nowMs: number): TailedFile | undefined {
  try {
    return new TailedFile(file, nowMs);
  } catch (error) {
    if (error instanceof SourceError) return undefined;
    throw error;
  }
}
