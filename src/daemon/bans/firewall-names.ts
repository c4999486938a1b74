/**
 * The names under which bans and lanes stand: the chain, and the files that nginx includes. The database keeps them, so that what stands
 * under names of an earlier configuration is taken out, also where zban was stopped when they changed.
 */
import { isEither, isList, isNull, isObject, isText } from '../../model/shape.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';
import type { FirewallSettings } from '../../settings/firewall-settings.ts';
import { readState, stateOf } from '../saved-state.ts';

const STATE_KEY = 'firewall names';
const areNames = isList(isObject({ chain: isText, file: isText, lanes: isEither(isNull, isText) }));

type Store = Pick<AuditTrail, 'loadState' | 'append'>;

const namesOf = ({ chain, nginx: { file, lanes } }: FirewallSettings) => ({ chain, file, lanes: lanes ?? null });

/** Whether two configurations put bans and lanes under the same names. */
export const isSame = (a: FirewallSettings, b: FirewallSettings): boolean =>
  JSON.stringify(namesOf(a)) === JSON.stringify(namesOf(b));

/** These settings with each of the names under which something may stand, oldest first. */
export function loadNames(trail: Pick<Store, 'loadState'>, settings: FirewallSettings): FirewallSettings[] {
  const saved = readState(trail.loadState(STATE_KEY), areNames) ?? [];
  return saved.map(({ chain, file, lanes }) => {
    const { lanes: _, ...nginx } = settings.nginx;
    return { ...settings, chain, nginx: { ...nginx, file, ...(lanes !== null && { lanes }) } };
  });
}

/** Records under which names something may stand from now on. */
export function saveNames(trail: Store, all: readonly FirewallSettings[]): void {
  const state = stateOf(STATE_KEY, all.map(namesOf));
  const [before, next] = [trail.loadState(STATE_KEY), state[STATE_KEY]];
  if (next && (before === undefined || Buffer.compare(before, next) !== 0)) trail.append([], { state });
}
