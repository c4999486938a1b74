/** Takes chance out of a daemon's estimates. */
import { Engine } from '../../src/engine/engine.ts';
import { engineStateKey, packEngineState } from '../../src/engine/engine-state.ts';
import { openDatabase } from '../../src/record/database/database.ts';
import type { TestDaemon } from './daemon.ts';
import { ENGINE } from './engine.ts';

/**
 * Each installation draws a key for its hashes, under which paths and clients collide as chance has it. Gives a daemon that was
 * never started the key 0, that of replays, and otherwise the knowledge of one that has seen nothing.
 */
export function useReplayKey({ database: path }: TestDaemon): void {
  const state = new Engine(ENGINE, { record: () => undefined, scan: () => undefined }, () => {}).snapshot();
  const database = openDatabase(path, { busyTimeoutMs: 1000 });
  database.sql
    .prepare('INSERT INTO state (key, bytes) VALUES (?, ?)')
    .run(engineStateKey('balanced'), packEngineState(state));
  database.close();
}
