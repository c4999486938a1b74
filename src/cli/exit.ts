import { codeOf } from '../model/coded-error.ts';

/** Exit codes, a contract with scripts and with the unit (78 is EX_CONFIG of sysexits.h; the unit does not restart on it). */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notRunning: 3,
  noPermission: 4,
  notFound: 5,
  badConfig: 78,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends a command with a message for the operator instead of a stack trace. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** What a person typed cannot be meant. */
export const wrongUsage = (message: string, options?: ErrorOptions): CommandError =>
  new CommandError(EXIT.usage, message, options);

const SYSTEM_CODES: Readonly<Record<string, ExitCode>> = {
  EACCES: EXIT.noPermission,
  EPERM: EXIT.noPermission,
  no_permission: EXIT.noPermission,
  permission_denied: EXIT.noPermission,
  not_running: EXIT.notRunning,
};

/** The exit code of whatever ended a command: the typed errors of every part carry a `code`. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommandError) return error.exitCode;
  return SYSTEM_CODES[codeOf(error) ?? ''] ?? EXIT.failed;
}
