/** Quiet hours: what is not urgent waits for their end. */

/** `22:00-07:00` in local time; over midnight where the end is not after the beginning. */
const QUIET_HOURS = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/;

/** The end of the quiet hours that `nowMs` lies in, epoch milliseconds; undefined outside of them. */
export function findQuietEnd(hours: string | undefined, nowMs: number): number | undefined {
  const times = hours === undefined ? null : QUIET_HOURS.exec(hours);
  if (times === null) return undefined;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = times.slice(1).map(Number);
  const now = new Date(nowMs);
  const [minute, from, to] = [
    now.getHours() * 60 + now.getMinutes(),
    fromHour * 60 + fromMinute,
    toHour * 60 + toMinute,
  ];
  const isOvernight = to <= from;
  const isQuiet = isOvernight ? minute >= from || minute < to : minute >= from && minute < to;
  if (!isQuiet) return undefined;
  // By the calendar, so that a change of the clock in between counts.
  const days = isOvernight && minute >= from ? 1 : 0;
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, toHour, toMinute).getTime();
}
