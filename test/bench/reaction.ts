/**
 * `node test/bench/reaction.ts [backend]`: how long a real daemon takes from the log line that crosses the limit to the last
 * packet that got through, client by client, with a quiet log and while 20,000 other lines a second are written; and until
 * ten thousand clients that cross it within the same second are all shut out. Needs root; in namespaces of its own.
 */
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestDaemon } from '../support/daemon.ts';
import { createNetwork, type Network } from '../support/netns.ts';
import { logLine } from '../support/traffic.ts';

const CLIENTS = 100;
const CEILING = 10;
const MANY = 10_000;
/** Their lines are written over a second, in so many pieces. */
const SLICES = 20;
const PORT = 9;
/** Lines a second of the flood beside, written every 10 ms. */
const BESIDE = 20_000;

/** Prints when the last datagram of each address arrived, on asking. */
const LISTENER = `
  const last = new Map();
  const clock = () => performance.timeOrigin + performance.now();
  const socket = require('node:dgram').createSocket('udp4').on('message', (_, { address }) => last.set(address, clock())).bind(${PORT}, () => console.log('ready'));
  require('node:readline').createInterface({ input: process.stdin }).on('line', (address) => console.log(last.get(address) ?? 0));
`;
/** Sends a datagram every millisecond from the address it is told. */
const SENDER = `
  let socket, timer;
  require('node:readline').createInterface({ input: process.stdin }).on('line', (words) => {
    const [from, to] = words.split(' ');
    clearInterval(timer); socket?.close();
    socket = require('node:dgram').createSocket('udp4').bind({ address: from }, () => {
      timer = setInterval(() => socket.send('x', ${PORT}, to), 1);
      console.log('sending');
    });
  });
`;

const clock = () => performance.timeOrigin + performance.now();
const second = () => Math.floor(Date.now() / 1000);
const lines = (ip: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${logLine(second(), ip, `/only-${ip}/${n}`)}\n`).join('');
const quantile = (sorted: readonly number[], share: number) =>
  sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;

/** How many bans the kernel holds, asked so that the asking costs next to nothing where the tool can. */
function countBans(network: Network, backend: string): number {
  if (backend === 'nftables') {
    return (
      network.run('server', ['nft', 'list', 'table', 'inet', 'zban']).match(/\d+\.\d+\.\d+\.\d+ timeout/g)?.length ?? 0
    );
  }
  const sets = network.run('server', ['ipset', 'list', '-t']);
  return [...sets.matchAll(/^Number of entries: (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function main(backend: string): Promise<void> {
  const network = createNetwork({ hosts: ['server', 'client'] });
  const daemon = new TestDaemon({
    prefix: network.prefix('server'),
    config: {
      baseline: { warmup: '1h', window: '2h', history: '0s', warmup_max_requests: CEILING },
      bans: { max_per_minute: 1_000_000, max_share: 1 },
      firewall: { backend },
    },
  });
  try {
    writeFileSync(daemon.log, '');
    await daemon.start();
    const server = network.address('server', 'client');
    const talk = (host: string, program: string) => {
      const child = network.spawn(host, [process.execPath, '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
      const input = child.stdout && createInterface({ input: child.stdout });
      if (!input) throw new Error('no output');
      return {
        ready: once(input, 'line'),
        ask: async (text: string) => {
          child.stdin?.write(`${text}\n`);
          const [answer] = (await once(input, 'line')) as [string];
          return answer;
        },
      };
    };
    const listener = talk('server', LISTENER);
    await listener.ready;
    const sender = talk('client', SENDER);
    const addresses = Array.from({ length: 2 * CLIENTS }, (_, n) => `192.0.2.${n + 10}`);
    const batch = addresses.map((address) => `addr add ${address}/24 dev eth0`).join('\n');
    network.run('client', ['ip', '-batch', '-'], { input: `${batch}\n` });

    /** Milliseconds from the line that crosses to the last datagram that arrived. */
    const measure = async (ip: string): Promise<number> => {
      await sender.ask(`${ip} ${server}`);
      await sleep(100);
      const written = clock();
      appendFileSync(daemon.log, lines(ip, CEILING + 1));
      for (let before = -1; ; await sleep(300)) {
        const last = Number(await listener.ask(ip));
        if (last === before && last > 0) return Math.max(0, last - written);
        before = last;
      }
    };
    const report = async (what: string, own: readonly string[]) => {
      const times: number[] = [];
      for (const ip of own) times.push(await measure(ip));
      times.sort((a, b) => a - b);
      const shown = [0.5, 0.99, 1].map((share) => Math.round(quantile(times, share)));
      console.log(
        `${backend}: line to last packet, ${own.length} clients, ${what}: median ${shown[0]} ms, 99 % ${shown[1]} ms, most ${shown[2]} ms`,
      );
    };
    await report('quiet log', addresses.slice(0, CLIENTS));
    const beside = Array.from(
      { length: BESIDE / 100 },
      (_, n) => `${logLine(second(), '198.51.100.7', `/${n}`)}\n`,
    ).join('');
    const writing = setInterval(() => appendFileSync(daemon.log, beside), 10);
    await report(`${BESIDE} lines/s of a banned client beside`, addresses.slice(CLIENTS));
    clearInterval(writing);

    const crowd = Array.from({ length: MANY }, (_, n) => `10.${n >> 8}.${n & 255}.1`);
    const share = MANY / SLICES;
    for (let slice = 0; slice < SLICES; slice++) {
      const text = crowd.slice(slice * share, (slice + 1) * share).map((ip) => lines(ip, CEILING + 1));
      const due = clock() + 1000 / SLICES;
      appendFileSync(daemon.log, text.join(''));
      await sleep(Math.max(0, due - clock()));
    }
    const written = clock();
    const standing = () => countBans(network, backend) - addresses.length;
    while (standing() < MANY) await sleep(50);
    console.log(
      `${backend}: ${MANY} clients that crossed within a second: all in the kernel ${Math.round(clock() - written)} ms after it`,
    );
  } finally {
    await daemon.close();
    await network.close();
  }
}

await main(process.argv[2] ?? 'ipset');
