/** Ports for servers that must be told theirs before they listen. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that the kernel gives to whoever asks for any, or connects (ip_local_port_range in ip(7)). */
const [FIRST, LAST] = [10_000, 32_767];

/** A port of the loopback on which nothing listens, drawn anew so that test files that run at once do not meet. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    const server = createServer().listen(port);
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
