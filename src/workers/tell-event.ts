/** Where the engine's events become what everybody else is told: with snake_case names, and in words. */
import { describeFuse } from '../english/fuse.ts';
import { explainRefusal } from '../english/refusal.ts';
import { describeSurge } from '../english/surge.ts';
import type * as core from '../model/event.ts';
import { type EngineEvent, type FuseEvent, toTold } from '../model/told-event.ts';

export function tellEvent(event: core.EngineEvent): EngineEvent {
  if (event.event === 'fuse') return tellFuse(event);
  if (event.event === 'refused') {
    const { event: name, time, ip, reason, because: _, ...numbers } = event;
    return { event: name, time, ip, reason, detail: explainRefusal(event), ...toTold(numbers) };
  }
  if (event.event !== 'global_anomaly' || event.phase === 'end') return toTold(event);
  return { ...toTold(event), detail: describeSurge(event.verdict, event.detail) };
}

export function tellFuse(event: core.FuseTrip | core.FuseReset): FuseEvent {
  const { event: name, phase, time, reason } = event;
  const until = phase === 'tripped' && { until: event.until };
  return { event: name, phase, time, ...until, reason, detail: describeFuse(event) };
}
