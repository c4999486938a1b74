/** What `zban doctor` finds: one line for each thing it looked at. */

export interface Finding {
  /** What was looked at. */
  readonly check: string;
  /** warn: works, but less well or less safely than it could. fail: zban does not do what it should. */
  readonly level: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** How to fix it, as a command or a setting; empty when nothing is wrong. */
  readonly fix: string;
}

/** Findings about one thing, such as `log /var/log/nginx/access.log`. */
export const about = (check: string) => ({
  ok: (message: string): Finding => ({ check, level: 'ok', message, fix: '' }),
  warn: (message: string, fix: string): Finding => ({ check, level: 'warn', message, fix }),
  fail: (message: string, fix: string): Finding => ({ check, level: 'fail', message, fix }),
});
