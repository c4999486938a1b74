/** Where rotation may have put a log's file when it is not beside the log: logrotate's `olddir`, an archive, another name. */
import { readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { FileMark } from '../model/chunk.ts';
import { findCompression } from './compression.ts';
import { findStat, namesIn } from './look.ts';
import type { Sibling } from './older-generations.ts';
import { isRotatedName } from './rotated-names.ts';

/** Names looked at; the rest is left out. */
const FILES_MAX = 10_000;

/**
 * Files with the marked inode, or the log's name or a rotated form of it, in the log's directory, those in it and those
 * beside it. Other sites' logs have such names too: only the first bytes tell.
 */
export function findElsewhere(path: string, mark: FileMark): Sibling[] {
  const own = dirname(path);
  const base = basename(path);
  const directories = new Set([own, ...directoriesIn(own), ...directoriesIn(dirname(own))]);
  const found: Sibling[] = [];
  let left = FILES_MAX;
  for (const directory of directories) {
    for (const name of namesIn(directory)) {
      if (left-- <= 0) return found;
      const file = join(directory, name);
      const stat = findStat(file);
      if (!stat?.isFile() || file === path) continue;
      const rotated = name.startsWith(base) || isRotatedName(base, name);
      if (rotated || stat.ino === mark.inode) found.push({ file, stat, compression: findCompression(name), rotated });
    }
  }
  return found;
}

function directoriesIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() ? [join(directory, entry.name)] : []));
  } catch {
    return [];
  }
}
