/**
 * A web server in Slack's place, for namespaces that the test itself cannot listen in. Prints one JSON object a line:
 * first `{"port":…}`, then every message it takes as it came.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  response.end('ok');
  process.stdout.write(`${JSON.stringify(JSON.parse(Buffer.concat(chunks).toString()))}\n`);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ port })}\n`);
});
