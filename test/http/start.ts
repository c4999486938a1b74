import { HttpServer, type HttpServerOptions } from '../../src/http/server.ts';

/** A server with its first instance. Rejects as `HttpServer.serve`. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = new HttpServer();
  await server.serve(options);
  return server;
}
