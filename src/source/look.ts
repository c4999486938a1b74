/** What there is to see of directories and files that others move, remove or keep to themselves. */
import { readdirSync, realpathSync, type Stats, statSync } from 'node:fs';

/** Names in a directory; none when it cannot be read. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Undefined for a file that is not there or cannot be looked at. */
export function findStat(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The file that a symbolic link leads to; the path itself where that cannot be told. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
