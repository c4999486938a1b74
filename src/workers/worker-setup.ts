/** What the threads need of a configuration. The daemon does without: what moves limits holds the schemas of all settings. */
import type { Config } from '../config/schema.ts';
import type { EngineOptions } from '../settings/engine-settings.ts';
import { moveLimits } from '../settings/sensitivity.ts';
import type { WorkerSetup } from './messages.ts';
import { parserOptions } from './parser-options.ts';

/** `hashKey` is that of what the engine has learned. */
export function workerSetup(
  config: Pick<Config, 'profile' | 'sensitivity' | 'detection' | 'baseline' | 'bans' | 'swarm' | 'logs'>,
  logs: readonly Pick<Config['logs'][number], 'format' | 'fields'>[] = config.logs,
  hashKey = 0,
): WorkerSetup {
  return { parsers: parserOptions(config, logs, hashKey), engine: { ...engineOptions(config), hashKey } };
}

/** The engine's options, its limits moved by the sensitivity. */
export function engineOptions(
  config: Pick<Config, 'profile' | 'sensitivity' | 'detection' | 'baseline' | 'bans' | 'swarm'>,
): EngineOptions {
  const { profile, sensitivity, detection, baseline, bans, swarm } = config;
  return moveLimits({ profile, detection, baseline, bans, swarm }, sensitivity);
}
