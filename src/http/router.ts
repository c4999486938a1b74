/** What answers a path, and how answers are written. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Request {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
}

export type Route = (request: Request) => void | Promise<void>;

/** Ends a response; Node leaves the body out for HEAD. */
export function answer(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, {
    'content-type': /;|^image/.test(type) ? type : `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

export function answerJson(response: ServerResponse, value: unknown, status = 200): void {
  answer(response, status, 'application/json', `${JSON.stringify(value)}\n`);
}
