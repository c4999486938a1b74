/**
 * Reads the configuration in a process of its own: the schemas of all settings and what reads YAML, each needed once, would take
 * 7 MiB of an idle daemon.
 */
import { type ExecFileException, execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deserialize } from 'node:v8';
import type { LoadedConfig } from '../config/load.ts';
import { CodedError } from '../model/coded-error.ts';
import type { EngineOptions } from '../settings/engine-settings.ts';

/** A configuration that can be in force. */
export type ConfigInForce = LoadedConfig & {
  readonly ok: true;
  /** What the engine is told, its limits moved by the sensitivity. */
  readonly engine: EngineOptions;
};

export type ReadConfig = ConfigInForce | (LoadedConfig & { readonly ok: false });

/** The same file beside this one, compiled or not. */
const FILE = fileURLToPath(
  new URL(`./config-process${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url),
);
/** A slow machine needs a second. */
const TIMEOUT_MS = 60_000;
const BYTES_MAX = 2 ** 26;

/** The process that reads it did not end well: no fault of the file, so that another try may do. */
class ConfigReadError extends CodedError<'failed'> {
  override readonly name = 'ConfigReadError';
}

/** Signals of `systemctl kill` reach every process of the service, also the one that has just begun to read. */
const READS_MAX = 3;

/** As `loadConfig`. Rejects with ConfigReadError, or an AbortError once `signal` is aborted. */
export async function readConfig(path: string, signal: AbortSignal, reads = READS_MAX): Promise<ReadConfig> {
  const options = { encoding: 'buffer', timeout: TIMEOUT_MS, maxBuffer: BYTES_MAX, signal } as const;
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['--disable-sigusr1', FILE, path], options);
    return deserialize(stdout);
  } catch (error) {
    if (signal.aborted) throw error;
    if ((error as ExecFileException).signal === 'SIGHUP' && reads > 1) return readConfig(path, signal, reads - 1);
    throw new ConfigReadError('failed', `${path} was not read: ${describeEnd(error)}; try again`, { cause: error });
  }
}

function describeEnd(error: unknown): string {
  const { killed, signal, code, stderr } = error as ExecFileException & { readonly stderr?: Buffer };
  if (killed) return `reading it took longer than ${TIMEOUT_MS / 1000} s`;
  if (signal) return `the process that reads it was ended by ${signal}`;
  if (typeof code !== 'number') return String(error);
  const said = stderr?.toString().trim();
  return `the process that reads it ended with exit code ${code}${said ? `: ${said}` : ''}`;
}
