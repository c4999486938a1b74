/** What `zban doctor` finds: one line for each thing it looked at. */

export interface Finding {
  /** What was looked at, such as `log /var/log/nginx/access.log`. */
  readonly check: string;
  /** warn: works, but less well or less safely than it could. fail: zban does not do what it should. */
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** How to mend it, as a command or a setting; empty when nothing is wrong. */
  readonly mend: string;
}

export const ok = (check: string, message: string): Finding => ({ check, level: 'ok', message, mend: '' });
export const warn = (check: string, message: string, mend: string): Finding => ({
  check,
  level: 'warn',
  message,
  mend,
});
export const fail = (check: string, message: string, mend: string): Finding => ({
  check,
  level: 'fail',
  message,
  mend,
});
