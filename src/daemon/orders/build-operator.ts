/** Who may never be banned, and who carries out what people order; each needs the other. */
import type { Config } from '../../config/schema.ts';
import type { Bans } from '../bans/bans.ts';
import type { Lanes } from '../lanes/lanes.ts';
import type { DataPlane } from '../plane/data-plane.ts';
import type { Records } from '../records/records.ts';
import type { Troubles } from '../troubles.ts';
import { buildProtection } from './build-protection.ts';
import { Operator, type OperatorOptions } from './operator.ts';
import type { Protection } from './protection.ts';

export interface BuildOperatorOptions extends Required<Pick<OperatorOptions, 'now' | 'reconcile' | 'onUnban'>> {
  readonly config: Config;
  readonly records: Records;
  readonly bans: Bans;
  readonly lanes: Lanes;
  readonly troubles: Troubles;
  readonly plane: DataPlane;
  readonly signal: AbortSignal;
}

export function buildOperator(options: BuildOperatorOptions): { operator: Operator; protection: Protection } {
  const { config, records, bans, lanes, troubles, plane, now, signal, reconcile, onUnban } = options;
  const protection = buildProtection({
    config,
    signal,
    allowed: () => records.trail.allowed().map(({ entry }) => entry),
    troubles,
    onChange: async (networks) => {
      await lanes.setAllowed(networks);
      await plane.pipeline.send({ kind: 'never_banned', networks });
      await operator.liftProtected();
    },
  });
  const operator: Operator = new Operator({
    config,
    bans,
    trail: records.trail,
    protection,
    pipeline: plane.pipeline,
    now,
    reconcile,
    onUnban,
  });
  return { operator, protection };
}
