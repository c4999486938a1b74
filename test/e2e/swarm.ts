/**
 * A program that asks a web server from very many addresses, one connection for each request, and prints how often it got
 * each status: `node swarm.ts HOST PORT COUNT AGENT [FIRST]`, from 10.77.0.0/16, beginning at its FIRST address.
 */
import { request } from 'node:http';

const [host = '', port = '', count = '', agent = '', first = '0'] = process.argv.slice(2);
const AT_ONCE = 64;
const statuses: Record<string, number> = {};

function ask(number: number): Promise<string> {
  return new Promise((resolve) => {
    const localAddress = `10.77.${(number >> 8) & 255}.${number & 255}`;
    const headers = { 'user-agent': agent, connection: 'close' };
    const sent = request({ host, port, path: `/?article=${number}`, localAddress, agent: false, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(String(answer.statusCode)));
    });
    sent.on('error', () => resolve('none'));
    sent.end();
  });
}

let next = Number(first);
const end = next + Number(count);
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    while (next < end) {
      const status = await ask(next++);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  }),
);
process.stdout.write(`${JSON.stringify(statuses)}\n`);
