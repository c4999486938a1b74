/** From configured paths and globs to the logs that are there. */
import { globSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { findCompression } from './compression.ts';
import { findStat } from './look.ts';
import { isRotatedName } from './rotated-names.ts';

export interface FoundLog {
  readonly path: string;
  /** Which of the configured paths named it; the first when several do. */
  readonly index: number;
  readonly globbed: boolean;
}

/**
 * All logs that the configured paths name now. A path without wildcard is one, there or not. A glob's match is left out
 * when it is compressed, a directory, or an older generation by its name: `access.log.1` beside `access.log`. `unmatched`
 * are the globs of which nothing is left.
 */
export function findLogs(configured: readonly string[]): { logs: FoundLog[]; unmatched: string[] } {
  const logs = new Map<string, FoundLog>();
  const matches = new Map<string, number>();
  const globs = new Map<string, string[]>();
  for (const [index, entry] of configured.entries()) {
    const path = resolve(entry);
    if (!isGlob(path)) {
      if (logs.has(path)) continue;
      logs.set(path, { path, index, globbed: false });
    } else {
      const found = globSync(path).sort();
      globs.set(entry, found);
      for (const match of found) if (!matches.has(match)) matches.set(match, index);
    }
  }
  const byDirectory = Map.groupBy([...logs.keys(), ...matches.keys()], (path) => dirname(path));
  for (const [path, index] of matches) {
    const beside = byDirectory.get(dirname(path)) ?? [];
    const isOlder = beside.some((other) => isRotatedName(basename(other), basename(path)));
    if (!logs.has(path) && !isOlder && findCompression(path) === undefined && !isDirectory(path)) {
      logs.set(path, { path, index, globbed: true });
    }
  }
  const unmatched = [...globs].filter(([, found]) => !found.some((path) => logs.has(path)));
  return { logs: [...logs.values()], unmatched: unmatched.map(([glob]) => glob) };
}

/** Paths of files that an earlier path names as well, by symbolic or hard link, with that path. */
export function findSameFiles(paths: readonly string[]): Map<string, string> {
  const first = new Map<string, string>();
  const same = new Map<string, string>();
  for (const path of new Set(paths)) {
    const stat = findStat(path);
    if (!stat) continue;
    const file = `${stat.dev} ${stat.ino}`;
    const other = first.get(file);
    if (other === undefined) first.set(file, path);
    else same.set(path, other);
  }
  return same;
}

/** A path with wildcards, unless a file has that very name. */
function isGlob(path: string): boolean {
  return /[*?[{]/.test(path) && findStat(path) === undefined;
}

function isDirectory(path: string): boolean {
  return findStat(path)?.isDirectory() ?? false;
}
