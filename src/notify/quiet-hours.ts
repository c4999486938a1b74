/** Quiet hours: what is not urgent waits for their end. */

/** `22:00-07:00` in local time; over midnight where the end is not after the beginning. */
const QUIET_HOURS = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/;
const [MINUTE_MS, DAY_MS] = [60_000, 86_400_000];

/** The end of the quiet hours that `nowMs` lies in, epoch milliseconds and always after it; undefined outside of them. */
export function findQuietEnd(hours: string | undefined, nowMs: number): number | undefined {
  const times = hours === undefined ? null : QUIET_HOURS.exec(hours);
  if (times === null) return undefined;
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = times.slice(1).map(Number);
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  const isQuiet = (ms: number) => {
    const date = new Date(ms);
    const minute = date.getHours() * 60 + date.getMinutes();
    return to <= from ? minute >= from || minute < to : minute >= from && minute < to;
  };
  if (!isQuiet(nowMs)) return undefined;
  // Minute by minute: where summer time begins or ends, a time of the local clock comes never or twice.
  let endMs = nowMs - (nowMs % MINUTE_MS) + MINUTE_MS;
  while (isQuiet(endMs) && endMs - nowMs < DAY_MS) endMs += MINUTE_MS;
  return endMs;
}
