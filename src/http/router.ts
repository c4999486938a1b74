/** Which path is answered by what, and how answers are written. Paths are looked up here and never on the disk. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export interface Request {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
}

/** What answers a path: reading for everybody who reaches the page, or an action with a token. */
export interface Route {
  readonly method: 'GET' | 'POST';
  readonly serve: (request: Request) => void | Promise<void>;
}

export type Routes = ReadonlyMap<string, Route>;

/** Methods that a route takes, as the header `allow` lists them. */
export function methodsOf({ method }: Route): string {
  return method === 'GET' ? 'GET, HEAD' : method;
}

export function findRoute(routes: Routes, url: string): { route: Route | undefined; query: URLSearchParams } {
  const at = url.indexOf('?');
  const [path, query] = at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)];
  return { route: routes.get(path), query: new URLSearchParams(query) };
}

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
