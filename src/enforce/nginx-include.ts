/** A file that nginx includes: written whole, tested before nginx takes it over, and taken back when nginx refuses it. */
import { constants } from 'node:fs';
import { open, readFile, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../model/coded-error.ts';
import { asFailure, EnforcementError } from './backend.ts';
import type { CommandRunner } from './command.ts';

/** A reload starts new worker processes: not more often than this. */
const RELOAD_PAUSE_MS = 1000;

/** How nginx is asked, `firewall.nginx`. */
export interface NginxProgram {
  /** Prints the whole configuration and fails when it is wrong, such as `nginx -T`. */
  readonly test: readonly [string, ...string[]];
  /** Has nginx take over its configuration. */
  readonly reload: readonly [string, ...string[]];
  readonly run: CommandRunner;
  /** Monotonic milliseconds; default performance.now. */
  readonly elapsedMs?: () => number;
}

export interface NginxIncludeOptions extends NginxProgram {
  readonly file: string;
  /** What stands in place of a file that was missing and is refused. */
  readonly empty: string;
  /** How nginx is made to include it, for the error. */
  readonly where: string;
}

/** Every method rejects with EnforcementError only. */
export class NginxInclude {
  /** What nginx is known to have loaded; undefined after a start. */
  loaded: string | undefined;
  private readonly options: NginxIncludeOptions;
  private reloadedMs = Number.NEGATIVE_INFINITY;

  constructor(options: NginxIncludeOptions) {
    this.options = options;
  }

  /** Undefined where there is no such file. */
  async read(): Promise<string | undefined> {
    const { file } = this.options;
    try {
      return await readFile(file, 'utf8');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw fileError(file, error);
    }
  }

  /** Writes the file without asking nginx, where nothing can include it yet. */
  async write(text: string): Promise<void> {
    await replaceFile(this.options.file, text);
  }

  async load(text: string): Promise<void> {
    const { empty, run, reload, elapsedMs = () => performance.now() } = this.options;
    const before = await this.read();
    if (text !== before) await this.write(text);
    try {
      await this.test();
    } catch (error) {
      // A file that nginx refuses would keep it from starting again.
      if (text !== before) await this.write(before ?? empty);
      throw error;
    }
    const pauseMs = this.reloadedMs + RELOAD_PAUSE_MS - elapsedMs();
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    this.reloadedMs = elapsedMs();
    await run({ argv: reload });
    this.loaded = text;
  }

  /** Takes out what the file holds; the file stays, because nginx would not start without it. */
  async clear(isClear: (text: string) => boolean): Promise<void> {
    const { file, empty, run, reload } = this.options;
    const text = await this.read();
    if (text === undefined || isClear(text)) return;
    try {
      // Also where something else keeps nginx from taking it over.
      await this.write(empty);
      await this.test();
      await run({ argv: reload });
    } catch (error) {
      const fix = `or do it yourself: empty ${file} and reload nginx`;
      throw new EnforcementError('kernel_refused', `${asFailure(error).message}; ${fix}`);
    }
  }

  /** Rejects unless nginx's configuration is valid and includes the file. */
  async test(): Promise<void> {
    const { file, where } = this.options;
    let included = false;
    await this.dump((from) => {
      included ||= from === file;
    });
    if (!included) throw new EnforcementError('kernel_refused', `nginx does not include ${file}: ${where}`);
  }

  /** Shows each line of nginx's configuration, with the file it stands in. Rejects where the configuration is wrong. */
  async dump(onLine: (from: string, line: string) => void): Promise<void> {
    let from = '';
    await this.options.run({
      argv: this.options.test,
      onLine: (line) => {
        const [, next] = /^# configuration file (.+):$/.exec(line) ?? [];
        from = next ?? from;
        onLine(from, line);
      },
    });
  }
}

/** Whole or not at all, also when the power fails. */
async function replaceFile(file: string, text: string): Promise<void> {
  const next = join(dirname(file), `.${basename(file)}.new`);
  try {
    const handle = await open(next, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o644);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(next, file);
  } catch (error) {
    await unlink(next).catch(() => {});
    throw fileError(file, error);
  }
}

function fileError(file: string, error: unknown): EnforcementError {
  const code = codeOf(error) ?? String(error);
  const denied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  const fix = denied ? ': let the service write there (firewall.nginx, ReadWritePaths= of its unit)' : '';
  return new EnforcementError(denied ? 'no_permission' : 'kernel_refused', `cannot write ${file}: ${code}${fix}`);
}
