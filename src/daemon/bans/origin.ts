import type { ActiveBan } from '../../model/audit.ts';

/** The host of the fleet that decided a ban; undefined for this one. */
export function findOrigin({ actor, numbers }: Pick<ActiveBan, 'actor' | 'numbers'>): string | undefined {
  // Numbers of a ban are read from disk: hardly any actor needs a look.
  if (!actor.includes('@')) return undefined;
  return numbers?.origin;
}
