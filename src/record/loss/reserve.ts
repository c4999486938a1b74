/**
 * A few words that must reach the disk when nothing else does: small files written in advance, whose bytes are replaced
 * where they lie. That takes no room on a full disk (file systems that copy on write may need some all the same).
 */
import { chownSync, closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { isNumber, isObject, parseJson, type Shape } from '../../model/shape.ts';

/** A disk's smallest sector, so that a power cut leaves the old words or the new ones. */
const BYTES = 512;
const FILE_MODE = 0o640;

/** One value and how often it was changed: the newest counts. */
export interface Reserved<T> {
  readonly generation: number;
  readonly value: T;
}

/** As it is saved: a value of that shape. */
export function isReserved<T>(hasShape: Shape<T>): Shape<Reserved<T>> {
  return (saved): saved is Reserved<T> => isObject({ generation: isNumber, value: hasShape })(saved);
}

export class Reserve {
  readonly #paths: readonly string[];

  /** Several paths for several disks: a read-only one next to one in memory. */
  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** Makes the files that are missing. Where that fails, `write` tries again. */
  prepare(): void {
    for (const path of this.#paths) {
      if (!statSync(path, { throwIfNoEntry: false })) replaceBytes(path, '');
    }
  }

  /** The newest value on any of the disks; undefined where none was ever written. Files that cannot be read or are damaged don't count. */
  read<T>(hasShape: Shape<T>): Reserved<T> | undefined {
    const found = this.#paths.flatMap((path) => parseJson(readText(path), isReserved(hasShape)) ?? []);
    return found.sort((a, b) => b.generation - a.generation)[0];
  }

  /** Writes to every disk that takes it. False when none does, or when the value is longer than 512 bytes as JSON. */
  write(reserved: Reserved<unknown>): boolean {
    const text = JSON.stringify(reserved);
    if (Buffer.byteLength(text) >= BYTES) return false;
    return this.#paths.map((path) => replaceBytes(path, text)).includes(true);
  }
}

function replaceBytes(path: string, text: string): boolean {
  const bytes = Buffer.alloc(BYTES, ' ');
  bytes.write(`${text}\n`);
  try {
    const isNew = !statSync(path, { throwIfNoEntry: false });
    const descriptor = openSync(path, isNew ? 'wx' : 'r+', FILE_MODE);
    try {
      const isWhole = writeSync(descriptor, bytes, 0, BYTES, 0) === BYTES;
      fsyncSync(descriptor);
      // Made by root in the daemon's folder, it is the daemon's all the same.
      if (isNew) own(path);
      return isWhole;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

function own(path: string): void {
  const { uid, gid } = statSync(dirname(path));
  if (process.getuid?.() === 0) chownSync(path, uid, gid);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
