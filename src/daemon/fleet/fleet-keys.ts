/** Keys of what may stand in the way of a host's part in its fleet: here, so that knowing them loads nothing that a fleet needs. */
export const [AWAY, CLOCK, TWIN] = ['fleet', 'fleet clock', 'fleet host'] as const;
export const FLEET_KEYS = [AWAY, CLOCK, TWIN];
