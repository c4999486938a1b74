/** Tells that a log may have changed, by inotify(7): an idle follower sleeps instead of looking at its files. */
import { watch as fsWatch, realpathSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** The part of fs.watch that is used. */
export type WatchDirectory = (
  directory: string,
  onEvent: (event: string, name: string | null) => void,
  onError: (error: Error) => void,
) => { close(): void };

/**
 * Watches the directories of logs, and of the files that symbolic links point to: the kernel reports writes, new names
 * and renames alike. Paths are resolved each time it begins, so that a directory that was replaced is found.
 */
export class ChangeWatch {
  readonly #onChange: () => void;
  readonly #watch: WatchDirectory;
  #watchers: { close(): void }[] = [];

  constructor(onChange: () => void, watch: WatchDirectory = watchDirectory) {
    this.#onChange = onChange;
    this.#watch = watch;
  }

  /** Throws what fs.watch throws, such as ENOSPC when the user has no inotify watches left; nothing is watched then. */
  begin(paths: readonly string[]): void {
    this.end();
    try {
      for (const [directory, names] of namesByDirectory(paths)) {
        // Other programs' files in the same directory are none of our business; what they are renamed to may be.
        const concerns = (event: string, name: string | null) =>
          event === 'rename' || name === null || names.has(name) || [...names].some((own) => name.startsWith(own));
        const onEvent = (event: string, name: string | null) => {
          if (concerns(event, name)) this.#onChange();
        };
        const watcher = this.#open(directory, onEvent);
        if (watcher) this.#watchers.push(watcher);
      }
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** Undefined for a directory that is not there yet: it is looked for each time anew. */
  #open(directory: string, onEvent: (event: string, name: string | null) => void): { close(): void } | undefined {
    try {
      return this.#watch(directory, onEvent, this.#onChange);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  end(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }
}

function watchDirectory(...[directory, onEvent, onError]: Parameters<WatchDirectory>): { close(): void } {
  return fsWatch(directory, { persistent: false }, onEvent).on('error', onError);
}

function namesByDirectory(paths: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const add = (file: string) => {
    const directory = dirname(file);
    found.set(directory, (found.get(directory) ?? new Set()).add(basename(file)));
  };
  for (const path of paths) {
    add(path);
    add(realPath(path));
  }
  return found;
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
