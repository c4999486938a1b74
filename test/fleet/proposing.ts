/** A host that judges what others decided, for tests: its rows, what it was asked, and a server whose clock is a second ahead. */
import type { TestContext } from 'node:test';
import { configSchema } from '../../src/config/schema.ts';
import type { PanicRequest } from '../../src/control/protocol.ts';
import { Proposals, type ProposalsOptions } from '../../src/daemon/fleet/fleet-proposals.ts';
import { parsePrefix, prefixesOverlap } from '../../src/net/prefix.ts';
import type { Order } from '../../src/share/order.ts';
import { makeBans, T0 } from '../daemon/fixtures.ts';

/** The server's clock is a second ahead of this host's. */
export const AHEAD_MS = 1000;
export const order = (changes: Partial<Order> = {}): Order => ({
  ...{
    kind: 'ban',
    host: 'web-1',
    actor: 'policy',
    target: '203.0.113.9',
    atMs: T0 + AHEAD_MS,
    untilMs: T0 + 600_000 + AHEAD_MS,
  },
  ...{ tier: 2, condition: 'scan', reason: 'scan 12.4 points of 12', digest: '0123456789abcdef' },
  ...changes,
});

export function make(t: TestContext, { acceptFrom = 'any' as 'any' | string[], enforce = true, admitted = true } = {}) {
  const fuse = { admitted };
  const firewall: ('gets' | 'gets, is asked')[] = [];
  const made = makeBans(t, enforce);
  const sent: { readonly kind: string }[] = [];
  const never = parsePrefix('198.51.100.0/24');
  const panics: { request: PanicRequest; stands: boolean }[] = [];
  const options: ProposalsOptions = {
    config: configSchema.parse({ mode: enforce ? 'enforce' : 'observe' }),
    ...{ host: 'web-9', acceptFrom, trail: made.trail, bans: made.bans },
    protection: {
      find: (prefix) =>
        never && prefixesOverlap(never, prefix)
          ? { prefix: never, kind: 'allowlist', because: 'allowlist: office' }
          : undefined,
    },
    pipeline: {
      send: async (task) => {
        sent.push(task);
        return { second: 0, events: [], consumed: [], ...(task.kind === 'admit' && { admitted: [fuse.admitted] }) };
      },
    },
    now: () => made.clock.nowMs,
    reconcile: async (which) => void firewall.push(which === 'many' ? 'gets' : 'gets, is asked'),
    allow: async () => {},
    panic: async (request) => {
      panics.push({ request, stands: !request.end });
      return { ok: true, message: '', lifted: 0 };
    },
    findPanic: () =>
      panics.at(-1)?.stands ? { since: new Date(T0).toISOString(), by: 'anna', reason: '' } : undefined,
  };
  const proposals = new Proposals(options);
  const apply = (...orders: Order[]) => proposals.apply(orders, AHEAD_MS, {});
  const rows = () => made.since().filter((step) => step.startsWith('row'));
  return { ...made, proposals, options, panics, apply, rows, sent, fuse, firewall };
}
