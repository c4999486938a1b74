import type { Sender } from '../access-event.ts';
import { phoneIpv4 } from '../addresses.ts';
import type { Random } from '../random.ts';
import { appAgent } from '../user-agents.ts';
import { recurSessions, type World } from '../world.ts';
import { senderAt, sharedSender } from './clients.ts';
import { dynamicRequest } from './requests.ts';

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
    const from = random.chance(0.1)
      ? sharedSender(random, 'carrier', 'api.example.com', userAgent)
      : senderAt(own, userAgent, 'api.example.com', 'app');
    openApp(on, random, from, timeMs);
  });
}

function openApp(world: World, random: Random, from: Sender, timeMs: number): void {
  let atMs = timeMs;
  const send = (method: string, path: string, status: number, bytes: number): void =>
    world.send(dynamicRequest(random, from, atMs, method, path, status, bytes));
  const isFresh = random.chance(0.3);
  send('GET', '/api/v2/config', isFresh ? 304 : 200, isFresh ? 0 : 2300);
  const reads = random.int(1, 8);
  for (let read = 0; read < reads; read++) {
    atMs += random.int(150, 6000);
    send('GET', `/api/v2/items/${random.int(1, 900)}`, 200, Math.round(random.lognormal(1800, 0.7)));
  }
  const collected = random.chance(0.002) ? random.int(60, FLUSH_MAX) : Math.round(random.lognormal(6, 0.9));
  const flush = Math.min(FLUSH_MAX, collected);
  for (let sent = 0; sent < flush; sent++) {
    atMs += Math.round(random.exponential(160));
    send('POST', METRICS_PATH, 200, 31);
  }
}
