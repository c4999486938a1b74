/**
 * The anomaly of the site that people know of. It has its place in the database, so that it is reported once and ended
 * once, whatever restarts, reloads and rehearsals of old lines come between.
 */

import type { Notification } from '../../model/notification.ts';
import { isBoolean, isNumber, isObject, isText } from '../../model/shape.ts';
import type { EngineEvent, GlobalAnomalyStart } from '../../model/told-event.ts';
import type { Surge } from '../../site/surge.ts';
import { readState, type States, stateOf } from '../saved-state.ts';

/** Under which the database keeps it. */
export const INCIDENT_KEY = 'incident';
/** A start that is older than this when its lines are read is no news by itself: it may be over. */
const NEWS_MS = 60_000;

/** `isTold` is false while people have not been told, because zban was catching up. */
interface Incident {
  readonly start: GlobalAnomalyStart;
  readonly isTold: boolean;
}
const hasNumbers = isObject({ time: isText, since: isText, peak_rate: isNumber, peak_measured: isNumber });
const isIncident = isObject({
  start: (value: unknown): value is GlobalAnomalyStart => hasNumbers(value),
  isTold: isBoolean,
});

/** What follows from events: the state to save with their rows, if it changed, and what people are told. */
export interface Consequences {
  readonly state: States;
  readonly notifications: readonly Notification[];
}

export class Incidents {
  private open: Incident | undefined;

  /** `saved` is what the database has. */
  constructor(saved: Uint8Array | undefined) {
    this.open = readState(saved, isIncident);
  }

  /** The one that has not ended, as the engine wants it. */
  get known(): Surge | undefined {
    if (!this.open) return undefined;
    const { condition, verdict, since, time, peak_rate: peakRate, peak_measured: peakMeasured } = this.open.start;
    const [first, lastSecond] = [since, time].map((text) => Date.parse(text) / 1000) as [number, number];
    const counted = { peakRate, peakMeasured, extraRequests: 0, bans: 0 };
    return { condition, verdict, since: first, ...counted, lastSecond, state: 'open' };
  }

  /**
   * Takes note of events. People are told of a start at once, unless it is of lines that were written a while ago
   * (`isCurrent` is false): then when everything has been read, or by its end alone.
   */
  take(events: readonly EngineEvent[], isCurrent: boolean, nowMs: number): Consequences {
    const before = this.open;
    const notifications: Notification[] = [];
    for (const event of events) {
      if (event.event !== 'global_anomaly') continue;
      const isTold = event.phase === 'end' || isCurrent || nowMs - Date.parse(event.time) < NEWS_MS;
      this.open = event.phase === 'start' ? { start: event, isTold } : undefined;
      if (isTold) notifications.push({ kind: 'global_anomaly', event });
    }
    return { state: this.open === before ? {} : this.save(), notifications };
  }

  /** All that was written has been read: people are told of what they have not been told of. */
  catchUp(): Consequences {
    if (!this.open || this.open.isTold) return { state: {}, notifications: [] };
    const { start } = this.open;
    this.open = { start, isTold: true };
    return { state: this.save(), notifications: [{ kind: 'global_anomaly', event: start }] };
  }

  private save(): States {
    return stateOf(INCIDENT_KEY, this.open ?? null);
  }
}
