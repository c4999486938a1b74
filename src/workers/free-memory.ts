/**
 * Gives back what this thread filled and needs no more: V8 collects garbage when it wants room, and an idle thread wants none. Takes
 * tens of milliseconds. Does nothing without --expose-gc, which scripts/launch sets.
 */
export function freeMemory(): void {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
