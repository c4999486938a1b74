/** How many logs are followed at once: the rest of zban needs file descriptors too. */
import { readFileSync } from 'node:fs';

/** More are some mistake of a glob. */
const LOGS_MAX = 1000;
/** Of a rotation two files are open. As many again stay for commands of the firewall, sockets and the database. */
const DESCRIPTORS_EACH = 4;

export interface LogsMax {
  readonly logs: number;
  /** What lets more of them be followed. */
  readonly fix: string;
}

/** By the process's limit (proc_pid_limits(5)); without /proc it is taken for high enough. */
export function findLogsMax(limits = readLimits()): LogsMax {
  const descriptors = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  const logs = Math.max(1, Math.floor(descriptors / DESCRIPTORS_EACH));
  if (logs >= LOGS_MAX) return { logs: LOGS_MAX, fix: 'narrow logs[].path to the logs that visitors cause' };
  const fix = `raise LimitNOFILE in zban.service to ${DESCRIPTORS_EACH} for each log: it is ${descriptors}`;
  return { logs, fix };
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
