/**
 * A process of its own: the live pipeline with one parse thread takes a minute of log with so many distinct clients,
 * and tells its peak and its settled resident memory. `node test/bench/memory.ts CLIENTS`
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { configSchema } from '../../src/config/schema.ts';
import { Pipeline, workerSetup } from '../../src/workers/pipeline.ts';

const CHUNK_LINES = 1000;
const START = 1_767_225_600;
const WINDOW_SECONDS = 60;
const clients = Number(process.argv[2] ?? 100_000);

/** Lines first…first+count of a minute in which every client asks three times. */
function chunkBytes(first: number, count: number, total: number): Uint8Array<ArrayBuffer> {
  let text = '';
  for (let n = first; n < first + count; n++) {
    const client = n % clients;
    const second = START + Math.floor((n * WINDOW_SECONDS) / total);
    const ip = `10.${(client >>> 16) & 255}.${(client >>> 8) & 255}.${client & 255}`;
    text += `{"msec":"${second}.123","remote_addr":"${ip}","request_method":"GET","request_uri":"/page/${client % 100}","status":"200","http_user_agent":"${'x'.repeat(100)}"}\n`;
  }
  // Buffer.from may share a pool; a chunk owns its bytes.
  return new Uint8Array(Buffer.from(text));
}

const pipeline = new Pipeline({
  setup: workerSetup(configSchema.parse({})),
  parseThreads: 1,
  now: Date.now,
  onEvents: () => {},
});
const position = { path: '', device: 0, inode: 0, offset: 0, fingerprint: '', fingerprintBytes: 0 };
const total = clients * 3;
for (let first = 0; first < total; first += CHUNK_LINES) {
  const bytes = chunkBytes(first, Math.min(CHUNK_LINES, total - first), total);
  await pipeline.feed({ source: 0, bytes, position, behind: false, oversized: 0 }, 0);
}
const { status } = await pipeline.send({ kind: 'status' });
await sleep(500);
const memory = readFileSync('/proc/self/status', 'utf8');
const mib = (name: string): number => Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(memory)?.[1]) / 1024);
console.log(JSON.stringify({ clients: status?.clients, rssMib: mib('VmRSS'), peakMib: mib('VmHWM') }));
await pipeline.close();
