/** What helps where lines of a log are refused for a reason of SKIP_REASONS. */
export function fixOfRefused(reason: string): string {
  if (reason === 'future') return 'set the clocks (timedatectl), and log $msec or $time_iso8601';
  return 'set logs[].format and logs[].fields, or use the log_format of docs/first-week.md';
}
