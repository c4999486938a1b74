/** zban's own log: one JSON object a line on standard error, which journald stores as it is. */
import { destination, pino } from 'pino';
import type { Log, LogLevel } from '../model/log.ts';

/** Writes synchronously, so that the last words before an exit are not lost. */
export function createLog(level: LogLevel): Log {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination({ dest: 2, sync: true }),
  );
  return (at, message, fields = {}) => logger[at](fields, message);
}
