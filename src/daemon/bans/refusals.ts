/**
 * Refusals that have one cause and as many clients as an attacker likes: of each episode the trail gets one row and a
 * count, or a flood of clients would be a flood of rows.
 */
import type { EngineEvent } from '../../model/told-event.ts';

export class Refusals {
  /** Refused while the fuse is tripped. */
  private ofFuse = 0;
  /** Refused since bans.max_active was reached, the first one included. */
  private ofLimit = 0;

  /** What is to be recorded of the events, in their order; `say` gets what is to be recorded besides, and when it was. */
  take(events: readonly EngineEvent[], say: (text: string, timeMs: number) => void): EngineEvent[] {
    return events.flatMap((event): EngineEvent[] => {
      if (event.event === 'refused') return this.isCounted(event.reason) ? [] : [event];
      if (event.event === 'fuse') return [this.close(event)];
      if (event.event === 'ban') this.endLimit(Date.parse(event.time), say);
      return [event];
    });
  }

  /** With the number of those that were refused, where the event ends the episode. */
  close<T extends Extract<EngineEvent, { event: 'fuse' }>>(event: T): T {
    if (event.phase !== 'reset') return event;
    const count = this.ofFuse;
    this.ofFuse = 0;
    return { ...event, detail: `${event.detail}; ${count} ${count === 1 ? 'ban was' : 'bans were'} refused meanwhile` };
  }

  private isCounted(reason: string): boolean {
    if (reason === 'fuse') return ++this.ofFuse > 0;
    return reason === 'limit' && ++this.ofLimit > 1;
  }

  private endLimit(timeMs: number, say: (text: string, timeMs: number) => void): void {
    const more = this.ofLimit - 1;
    this.ofLimit = 0;
    if (more > 0) say(`${more} more bans were refused while bans.max_active was reached`, timeMs);
  }
}
