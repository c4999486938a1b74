/** The clock that events are told by. */
import type { EngineEvent } from '../model/event.ts';
import { formatSecond, parseSecond } from '../model/time.ts';

/**
 * The event with its times on the clock that it is told by, which is `toldSeconds` ahead of the engine's, and those of its
 * requests on the log's, `logSeconds` ahead.
 */
export function inToldTime<Event extends EngineEvent>(event: Event, toldSeconds: number, logSeconds: number): Event {
  if (toldSeconds === 0 && logSeconds === 0) return event;
  const move = (time: string, seconds: number) => formatSecond(parseSecond(time) + seconds);
  const isBan = event.event === 'ban' && toldSeconds !== logSeconds;
  return {
    ...event,
    time: move(event.time, toldSeconds),
    ...('since' in event && { since: move(event.since, toldSeconds) }),
    ...('samples' in event && {
      samples: event.samples.map((sample) => ({ ...sample, time: move(sample.time, logSeconds) })),
    }),
    ...(isBan && { logTime: move(event.time, logSeconds) }),
  };
}
