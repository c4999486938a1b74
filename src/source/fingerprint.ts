/** Recognises a file by its first bytes: a log never changes them, whatever it is renamed, copied or compressed to. */
import { hash } from 'node:crypto';
import { readSync } from 'node:fs';
import type { FileMark } from '../model/chunk.ts';

/** A log's first lines carry time stamps and addresses: this much of them tells any two files apart. */
export const FINGERPRINT_BYTES_MAX = 1024;

export function fingerprintOf(head: Uint8Array): string {
  return hash('sha256', head, 'hex');
}

/** `bytes` bytes of an open file, by default its first, or as many as it has. */
export function readHead(fd: number, bytes: number, from = 0): Buffer {
  const head = Buffer.alloc(bytes);
  return head.subarray(0, readSync(fd, head, 0, bytes, from));
}

/** True when a file with this head is the marked one. An empty mark says nothing and matches nothing. */
export function headMatches(head: Uint8Array, mark: FileMark): boolean {
  const bytes = mark.fingerprintBytes;
  if (bytes === 0 || head.length < bytes) return false;
  return fingerprintOf(head.subarray(0, bytes)) === mark.fingerprint;
}
