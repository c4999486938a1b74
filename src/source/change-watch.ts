/** Tells that a log may have changed, by inotify(7): an idle follower sleeps instead of looking at its files. */
import { watch as fsWatch } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../model/coded-error.ts';
import { realPath } from './look.ts';

/** Reports about files of others after which their directory is left alone: each costs as much as one about a log. */
const STRANGERS_MAX = 1000;

/** The part of fs.watch that is used. */
export type WatchPath = (
  path: string,
  onEvent: (event: string, name: string | null) => void,
  onError: (error: Error) => void,
) => { close(): void };

/**
 * Watches the directories of logs, and of the files that symbolic links point to: the kernel reports writes, new names
 * and renames alike. Paths are resolved each time it begins, so that a directory that was replaced is found.
 */
export class ChangeWatch {
  readonly #onChange: () => void;
  readonly #watch: WatchPath;
  #watchers: { close(): void }[] = [];
  /** Directories in which others write a lot: of these the logs alone are watched, and new names take until the next look. */
  readonly #noisy = new Set<string>();

  constructor(onChange: () => void, watch: WatchPath = watchPath) {
    this.#onChange = onChange;
    this.#watch = watch;
  }

  /** Throws what fs.watch throws, such as ENOSPC when the user has no inotify watches left; nothing is watched then. */
  begin(paths: readonly string[]): void {
    this.end();
    try {
      for (const [directory, names] of namesByDirectory(paths)) {
        if (this.#noisy.has(directory)) for (const name of names) this.#open(join(directory, name), this.#onChange);
        else this.#open(directory, this.#reporter(directory, names));
      }
    } catch (error) {
      this.end();
      throw error;
    }
  }

  #reporter(directory: string, names: ReadonlySet<string>): (event: string, name: string | null) => void {
    // Other programs' files in the same directory are none of our business; what they are renamed to may be.
    const concerns = (event: string, name: string | null) =>
      event === 'rename' || name === null || names.has(name) || [...names].some((own) => name.startsWith(own));
    let strangers = 0;
    return (event, name) => {
      const isNoise = !concerns(event, name);
      if (isNoise && ++strangers <= STRANGERS_MAX) return;
      if (isNoise) this.#noisy.add(directory);
      this.#onChange();
    };
  }

  /** What is not there yet is looked for each time anew. */
  #open(path: string, onEvent: (event: string, name: string | null) => void): void {
    try {
      this.#watchers.push(this.#watch(path, onEvent, this.#onChange));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }

  end(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }
}

function watchPath(...[path, onEvent, onError]: Parameters<WatchPath>): { close(): void } {
  return fsWatch(path, { persistent: false }, onEvent).on('error', onError);
}

function namesByDirectory(paths: readonly string[]): Map<string, Set<string>> {
  const files = paths.flatMap((path) => [path, realPath(path)]);
  const groups = Map.groupBy(files, (file) => dirname(file));
  return new Map([...groups].map(([directory, own]) => [directory, new Set(own.map((file) => basename(file)))]));
}
