/** Connections that wait for a request: anyone who opens many and sends nothing must not shut out the others. */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The oldest gives way to one more: a request comes with its connection, and its answer is there long before. */
export function limitWaiting(server: Server, waitingMax: number): void {
  const waiting = new Set<Socket>();
  server.on('connection', (socket) => {
    waiting.add(socket);
    socket.once('close', () => waiting.delete(socket));
    const [oldest] = waiting;
    if (waiting.size > waitingMax) oldest?.destroy();
  });
  server.on('request', ({ socket }, response) => {
    waiting.delete(socket);
    response.once('close', () => {
      if (!socket.destroyed) waiting.add(socket);
    });
  });
}
