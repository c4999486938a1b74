/** Recognises a file by its first bytes: a log never changes them, whatever it is renamed, copied or compressed to. */
import { hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import type { FileMark } from './chunk.ts';

/** A log's first lines carry time stamps and addresses: this much of them tells any two files apart. */
export const FINGERPRINT_BYTES_MAX = 1024;
/** Compressed bytes enough for the first {@link FINGERPRINT_BYTES_MAX} of the content. */
const GZIP_HEAD_BYTES = 4096;

export function fingerprintOf(head: Uint8Array): string {
  return hash('sha256', head, 'hex');
}

/** `bytes` bytes of an open file, by default its first, or as many as it has. */
export function readHead(fd: number, bytes: number, from = 0): Buffer {
  const head = Buffer.alloc(bytes);
  return head.subarray(0, readSync(fd, head, 0, bytes, from));
}

/** The first bytes of a gzipped file's content; empty when it isn't gzip or can't be read. */
export function readGzipHead(path: string): Buffer {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const head = readHead(fd, GZIP_HEAD_BYTES);
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, FINGERPRINT_BYTES_MAX);
  } catch {
    return Buffer.alloc(0);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** True when a file with this head is the marked one. An empty mark says nothing and matches nothing. */
export function headMatches(head: Uint8Array, mark: FileMark): boolean {
  const bytes = mark.fingerprintBytes;
  if (bytes === 0 || head.length < bytes) return false;
  return fingerprintOf(head.subarray(0, bytes)) === mark.fingerprint;
}
