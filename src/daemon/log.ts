/** zban's own log: one JSON object a line on standard error, which journald stores as it is. */
import type { Log } from '../model/log.ts';

/** Writes each line at once, so that the last words before an exit are not lost. */
export function createLog(): Log {
  // A reader that has gone away is no reason to stop.
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => {});
  return (level, message, fields = {}) => {
    const line = { level, time: new Date().toISOString(), ...fields, msg: message };
    process.stderr.write(`${JSON.stringify(line)}\n`);
  };
}
