/** One zban alone writes a file: the lock stands beside it, and ends with the process, however that ends. */
import { existsSync, rmSync } from 'node:fs';
import { RecordError } from '../error.ts';
import { lockForWriting } from './database.ts';

export interface FileLock {
  readonly path: string;
  close(): void;
}

/** Throws RecordError `in_use` where another zban has it. A disk that takes no lock is no reason to stop. */
export function lockFile(path: string): FileLock {
  try {
    const lock = lockForWriting(path);
    return { path, close: () => lock.close() };
  } catch (error) {
    if (error instanceof RecordError && error.code === 'in_use') throw error;
    return { path, close: () => {} };
  }
}

/** Removes the lock that earlier zbans left beside a file; one that somebody holds, or that may not be removed, stays. */
export function removeLock(path: string): void {
  const lockPath = `${path}.lock`;
  if (!existsSync(lockPath)) return;
  try {
    const lock = lockForWriting(path);
    rmSync(lockPath);
    lock.close();
  } catch {}
}
