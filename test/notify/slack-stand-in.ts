import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The path stands for the secret part of a webhook address. */
export const SECRET_PATH = '/services/T0SECRET/B0SECRET/s3cr3tT0k3n';

export interface StandIn {
  readonly url: string;
  /** Texts of the messages it took, in order, and whole bodies. */
  readonly texts: string[];
  readonly bodies: { text: string; blocks: unknown[] }[];
  /** Milliseconds of the arrival of every request, refused ones included. */
  readonly arrivals: number[];
  /** What the next requests get, in turn; afterwards 200. */
  answers: ((response: ServerResponse) => void)[];
  close(): Promise<void>;
}

export const answer =
  (status: number, body = '', headers: Record<string, string> = {}) =>
  (response: ServerResponse) =>
    response.writeHead(status, headers).end(body);

/** Never answers. */
export const hang = (): void => {};

/** A local HTTP server in Slack's place. */
export async function startStandIn(): Promise<StandIn> {
  const server = createServer();
  const standIn: StandIn = {
    url: '',
    texts: [],
    bodies: [],
    arrivals: [],
    answers: [],
    close: async () => {
      server.closeAllConnections();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
  server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    standIn.arrivals.push(performance.now());
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const next = standIn.answers.shift();
    if (next) return next(response);
    if (request.url !== SECRET_PATH || request.method !== 'POST') return response.writeHead(404).end('no_service');
    const body = JSON.parse(Buffer.concat(chunks).toString());
    standIn.bodies.push(body);
    standIn.texts.push(body.text);
    return response.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return Object.assign(standIn, { url: `http://127.0.0.1:${port}${SECRET_PATH}` });
}
