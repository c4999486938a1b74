import { type Actor, ask } from '../actor.ts';
import { phoneIpv4 } from '../addresses.ts';
import type { Random } from '../random.ts';
import { appAgent } from '../user-agents.ts';
import { recurSessions, type World } from '../world.ts';
import { atAddress, atGateway } from './clients.ts';

const HOST = 'api.example.com';
const METRICS_PATH = '/api/v2/metrics/event';
const FLUSH_MAX = 300;

/**
 * The shop's app: some reading calls, then the events collected on the phone, one POST each to one popular path.
 * Most flushes are small, one in five hundred is of a phone long offline and reaches hundreds within a minute; all succeed.
 */
export function runPhones(world: World, random: Random, rateRps: number): void {
  const phoneCount = Math.min(2_000_000, Math.max(300, Math.round(rateRps * 6000)));
  recurSessions(world, random, rateRps, (on, timeMs) => {
    const userAgent = appAgent(random);
    const own = phoneIpv4(random.int(0, phoneCount - 1));
    const phone = random.chance(0.1)
      ? atGateway(on, random, 'carrier', userAgent, HOST)
      : atAddress(on, random, own, userAgent, 'app', HOST);
    openApp(phone, timeMs);
  });
}

function openApp(phone: Actor, timeMs: number): void {
  const { random } = phone;
  let atMs = timeMs;
  const isFresh = random.chance(0.3);
  ask(phone, atMs, 'GET', '/api/v2/config', isFresh ? 304 : 200, isFresh ? 0 : 2300);
  const reads = random.int(1, 8);
  for (let read = 0; read < reads; read++) {
    atMs += random.int(150, 6000);
    ask(phone, atMs, 'GET', `/api/v2/items/${random.int(1, 900)}`, 200, Math.round(random.lognormal(1800, 0.7)));
  }
  const collected = random.chance(0.002) ? random.int(60, FLUSH_MAX) : Math.round(random.lognormal(6, 0.9));
  const flush = Math.min(FLUSH_MAX, collected);
  for (let sent = 0; sent < flush; sent++) {
    atMs += Math.round(random.exponential(160));
    ask(phone, atMs, 'POST', METRICS_PATH, 200, 31);
  }
}
