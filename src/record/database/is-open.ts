import { readFileSync, statSync } from 'node:fs';

/**
 * True while a zban has this database open for writing, by the kernel's list of locks (proc_locks(5)): trying the lock itself
 * would be in the way of a zban that starts. False where this user may not look.
 */
export function isOpenForWriting(path: string): boolean {
  try {
    const { ino } = statSync(`${path}.lock`);
    const locks = readFileSync('/proc/locks', 'utf8').split('\n');
    return locks.some((lock) => lock.includes(' WRITE ') && lock.includes(`:${ino} `));
  } catch {
    return false;
  }
}
