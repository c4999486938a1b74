/** zban's own log: one JSON object a line on standard error, which journald stores as it is. */
import type { Log, LogLevel } from '../model/log.ts';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** Writes lines of the least level and those above it at once, so that the last words before an exit are not lost. */
export function createLog(least: () => LogLevel): Log {
  // A reader that has gone away is no reason to stop.
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => {});
  return (level, message, fields = {}) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(least())) return;
    const line = { level, time: new Date().toISOString(), ...fields, msg: message };
    process.stderr.write(`${JSON.stringify(line)}\n`);
  };
}
