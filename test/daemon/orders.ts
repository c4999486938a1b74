import type { TestContext } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import type { BanRequest } from '../../src/control/protocol.ts';
import { Operator } from '../../src/daemon/orders/operator.ts';
import type { FuseEvent } from '../../src/model/told-event.ts';
import { parsePrefix, prefixesOverlap } from '../../src/net/prefix.ts';
import type { TrafficTask } from '../../src/workers/messages.ts';
import { answer, makeBans } from './fixtures.ts';

export const WHO = { operator: 'anna', reason: 'because' };

interface Setting {
  readonly maxActive?: number;
  readonly enforce?: boolean;
  /** Rows are on disk after many turns. */
  readonly isDiskSlow?: boolean;
  /** Never banned. */
  readonly never?: readonly string[];
  /** Protection is looked up again. */
  readonly onRefresh?: () => void;
  /** What the firewall does with what it should hold. */
  readonly refuses?: string;
  /** How long an order waits for it. */
  readonly answerMs?: number;
}

export function make(
  t: TestContext,
  { enforce = true, isDiskSlow = false, never = [], refuses, maxActive, answerMs, onRefresh = () => {} }: Setting = {},
) {
  const tasks: TrafficTask[] = [];
  /** What the engine says to a reset. */
  const fuse: { event?: FuseEvent } = {};
  const held = new Map<string, number | null>();
  /** Bans that the firewall cannot lift. */
  const stuck = new Set<string>();
  const reconciles = { count: 0 };
  /** The firewall answers once it is open. */
  const gate = { open: Promise.resolve() };
  const reconcile = async () => {
    reconciles.count++;
    await gate.open;
    const desired = new Map([...bans.desired.all()].map(({ target, untilMs }) => [target, untilMs]));
    const released = [...held.keys()].filter((target) => !desired.has(target));
    if (stuck.size > 0) {
      const failed = released.filter((target) => stuck.has(target));
      await bans.onResult(
        answer({ failed: failed.map((target) => ({ target, code: 'kernel_refused', message: 'busy' })) }),
      );
    }
    const fresh = [...desired].flatMap(([target, untilMs]) => (held.get(target) === untilMs ? [] : [target]));
    if (refuses !== undefined) {
      const failed = fresh.map((target) => ({ target, code: 'kernel_refused' as const, message: refuses }));
      return bans.onResult(answer({ failed }));
    }
    for (const target of fresh) held.set(target, desired.get(target) ?? null);
    const gone = released.filter((target) => !stuck.has(target));
    for (const target of gone) held.delete(target);
    await bans.onResult(answer({ confirmed: fresh, released: gone }));
  };
  const made = makeBans(t, enforce, reconcile, undefined, isDiskSlow);
  const { bans, trail, clock } = made;
  const operator: Operator = new Operator({
    config: configSchema.parse({
      mode: enforce ? 'enforce' : 'observe',
      bans: maxActive === undefined ? {} : { max_active: maxActive },
    }),
    bans,
    trail,
    protection: {
      refresh: async () => {
        onRefresh();
        await operator.liftProtected();
      },
      find: (prefix) => {
        const networks = never.flatMap((text) => parsePrefix(text) ?? []);
        const found = networks.find((network) => prefixesOverlap(network, prefix));
        return found && { prefix: found, kind: 'protected', because: 'an SSH session' };
      },
    },
    pipeline: {
      send: async (task) => {
        tasks.push(task);
        return { second: 0, events: [], consumed: [], ...(fuse.event && { fuse: fuse.event }) };
      },
    },
    now: () => clock.nowMs,
    reconcile,
    ...(answerMs !== undefined && { answerMs }),
  });
  const order = (targets: readonly string[], more: Partial<BanRequest> = {}) =>
    operator.ban({ bans: targets.map((target) => ({ target })), keepLonger: false, ...WHO, ...more });
  const ban = (...targets: readonly string[]) => order(targets);
  const unban = (...targets: readonly string[]) => operator.unban({ targets, all: false, ...WHO });
  const engineTasks = () => tasks.splice(0).map((task) => task.kind);
  return { ...made, operator, order, ban, unban, held, stuck, gate, fuse, tasks, engineTasks, reconciles };
}
