/** Where the page listens, and what to tell an operator when it cannot. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { CodedError, codeOf } from '../model/coded-error.ts';

/** Closed set of causes, also the metric label. */
export type HttpListenErrorCode = 'bad_address' | 'address_in_use' | 'no_permission' | 'no_such_address' | 'failed';

/** The page cannot listen; the message says why and how to fix it. */
export class HttpListenError extends CodedError<HttpListenErrorCode> {
  override readonly name = 'HttpListenError';
}

export interface ListenAddress {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** Reads `HOST:PORT` or `[IPV6]:PORT`; undefined for anything else. */
export function parseListen(text: string): ListenAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535 ? undefined : { host, port };
}

/** Whether only this host can reach the address. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/.test(host);
}

/** Starts listening; resolves once it does and rejects with HttpListenError only. */
export async function listenOn(server: Server, listen: string): Promise<void> {
  const address = parseListen(listen);
  if (address === undefined)
    throw new HttpListenError('bad_address', `http.listen '${listen}' is not HOST:PORT, such as 127.0.0.1:9617`);
  server.listen(address.port, address.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw explain(error, listen, address);
  }
}

function explain(error: unknown, listen: string, { host, port }: ListenAddress): HttpListenError {
  const fail = (code: HttpListenErrorCode, text: string) =>
    new HttpListenError(code, `the page cannot listen on ${listen}: ${text}`, { cause: error });
  const cause = codeOf(error);
  switch (cause) {
    case 'EADDRINUSE':
      return fail(
        'address_in_use',
        `the port is taken: see by what with: ss -ltnp 'sport = :${port}', or choose another http.listen`,
      );
    case 'EACCES':
      return fail('no_permission', 'ports under 1024 need root: choose another http.listen');
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return fail('no_such_address', `${host} is no address of this host: choose another http.listen`);
    default:
      return fail('failed', cause ?? String(error));
  }
}
