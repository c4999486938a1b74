/**
 * Reads the configuration in a process of its own: the schemas of all settings and what reads YAML, each needed once, would take
 * 7 MiB of an idle daemon.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deserialize } from 'node:v8';
import type { LoadedConfig } from '../config/load.ts';
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

/** As `loadConfig`. Rejects with a system error when no process can be started, or it does not end well. */
export async function readConfig(path: string): Promise<ReadConfig> {
  const options = { encoding: 'buffer', timeout: TIMEOUT_MS, maxBuffer: BYTES_MAX } as const;
  const { stdout } = await promisify(execFile)(process.execPath, ['--disable-sigusr1', FILE, path], options);
  return deserialize(stdout);
}
