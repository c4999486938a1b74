/** Servers for tests of the fleet's protocol: connections as a host makes them, and what it says over them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { ClientCounts } from '../../src/engine/shared-counts.ts';
import { Keys } from '../../src/fleet/keys.ts';
import { Link } from '../../src/fleet/link.ts';
import type { LinkOptions } from '../../src/fleet/link-options.ts';
import { OutgoingOrders } from '../../src/fleet/orders.ts';
import { connectServer, type Server, type ServerOptions } from '../../src/fleet/server.ts';
import { readAll, readNews, STREAM_START } from '../../src/fleet/stream.ts';
import type { Order } from '../../src/share/order.ts';
import { RedisServer } from '../support/redis.ts';

export const keys = new Keys('shop');
/** The rule of docs/fleet.md. */
const page = readFileSync(join(import.meta.dirname, '../../docs/fleet.md'), 'utf8');
export const ACL = (/ACL SETUSER zban on '>PASSWORD' ((?:.|\n {6})+)/.exec(page)?.[1] ?? '')
  .replace(/[\s\\']+/g, ' ')
  .trim();

export async function start(t: TestContext, ...options: readonly string[]): Promise<RedisServer> {
  const server = await RedisServer.start(...options);
  t.after(() => server.close());
  return server;
}

export async function connect(t: TestContext, urls: readonly string[], more = {}): Promise<Server> {
  const options = { urls, kind: 'single' as const, master: '', caFile: undefined, passwordFile: undefined, ...more };
  for (;;) {
    try {
      const server = await connectServer(options, () => {});
      t.after(() => server.close());
      return server;
    } catch (error) {
      // A busy machine may take longer than a host waits: it tries again, too.
      if (!/within \d+ s/.test(String(error))) throw error;
    }
  }
}

/** A host's link that hears and says nothing but what `changes` add. */
export function joinLink(t: TestContext, server: Partial<ServerOptions>, changes: Partial<LinkOptions> = {}): Link {
  const link = new Link({
    server: { urls: [], kind: 'single', master: '', caFile: undefined, passwordFile: undefined, ...server },
    ...{ name: 'shop', host: 'web-1', shares: { bans: true, counts: false }, enforce: true, saved: undefined },
    ...{ now: Date.now, recorded: async () => {}, describe: () => ({}), onUp: () => {}, onDown: () => {} },
    ...{ onOrders: async () => {}, exchange: async () => undefined },
    ...changes,
  });
  link.start();
  t.after(() => link.stop());
  return link;
}

/** A minute ago: nothing that tests say happened then is in the future. */
export const T0 = Date.now() - 60_000;
export const order = (changes: Partial<Order>): Order => ({
  ...{ kind: 'ban', host: 'web-1', actor: 'policy', target: '192.0.2.1', atMs: T0, untilMs: T0 + 600_000 },
  ...{ tier: 1, condition: 'scan', reason: '', digest: '' },
  ...changes,
});

export async function publish(server: Server, ...orders: readonly Order[]): Promise<void> {
  const outgoing = new OutgoingOrders();
  outgoing.push(orders.map((each) => ({ order: each, auditId: 0 })));
  await outgoing.send(
    server,
    keys,
    async () => {},
    () => outgoing.size === 0,
  );
}

/** All that is in force. */
export async function readOrders(server: Server): Promise<Order[]> {
  const all: Order[] = [];
  for await (const { orders } of readAll(server, keys)) all.push(...orders);
  return all;
}

export async function streamLength(server: Server): Promise<number> {
  const { orders } = await readNews(server, keys, STREAM_START, STREAM_START);
  return orders.length;
}

export const counts = (client: string, points: number, limit = 12, leak = 0.02): ClientCounts => ({
  client,
  counts: [{ rule: 'scan', points, limit, leak }],
});
