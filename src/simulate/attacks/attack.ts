import type { Sender, SituationKind } from '../access-event.ts';
import { type Address, type AttackerAddresses, attackerIpv6, ipv4Address, ipv6Address } from '../addresses.ts';
import type { Random } from '../random.ts';
import { attackerAgent, browserAgent } from '../user-agents.ts';
import type { World } from '../world.ts';
import type { AttackPlan } from './plan.ts';
import { SITUATIONS } from './situations.ts';

/** Lets the planned attack happen, as often as it repeats. */
export function runAttack(world: World, random: Random, plan: AttackPlan, addresses: AttackerAddresses): void {
  const home = attackerHome(random, plan, addresses);
  const begin = (startMs: number): void => {
    if (startMs >= world.endMs) return;
    world.wake(startMs, () => {
      const source = plan.kind === 'flood' ? home : attackerHome(random, plan, addresses);
      SITUATIONS[plan.kind].launch({
        world,
        random,
        plan,
        startMs,
        sender: sendersAt(random, plan.kind, world.site.host, source),
      });
      if (plan.everyMs !== undefined) begin(startMs + plan.everyMs);
    });
  };
  begin(world.startMs + plan.atMs);
}

/** An IPv4 address, or an IPv6 network ending in a colon. */
function attackerHome(random: Random, { origin }: AttackPlan, addresses: AttackerAddresses): string {
  if (origin === 'ipv6') return attackerIpv6(random);
  return origin === 'carrier' ? addresses.carrier() : addresses.ipv4();
}

function sendersAt(random: Random, kind: SituationKind, host: string, home: string): () => Sender {
  const userAgent = SITUATIONS[kind].isMasked ? browserAgent(random) : attackerAgent(random);
  const fixed: Address | undefined = home.endsWith(':') ? undefined : ipv4Address(home);
  const hosts = fixed ? [fixed] : Array.from({ length: 40 }, () => ipv6Address(home, random));
  const senders = hosts.map((address): Sender => ({ ...address, userAgent, host, role: kind }));
  return () => random.pick(senders);
}
