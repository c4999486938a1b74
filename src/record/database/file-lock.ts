/** One zban alone writes a file: the lock stands beside it, and ends with the process, however that ends. */
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
