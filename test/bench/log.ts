/** Logs for the benchmark: lines of about 240 bytes in nginx's JSON format, from so many clients. */
import { mulberry32 } from '../support/traffic.ts';

const START = 1_767_225_600;
const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Version/19.1 Mobile',
  'ExampleApp/4.2.1 (Android 16; build 20261101; arm64-v8a)',
];
const PATHS = ['/', '/products/42?ref=home', '/api/v1/items?page=3', '/assets/site.css', '/img/photo.jpg', '/login'];

/** IPv4 clients with every tenth an IPv6 network. */
function ipOf(client: number): string {
  if (client % 10 === 9) return `2001:db8:${(client >>> 16).toString(16)}:${(client & 0xffff).toString(16)}::1`;
  return `10.${(client >>> 16) & 255}.${(client >>> 8) & 255}.${client & 255}`;
}

/** `count` lines at `perSecond` lines a second of log time, whole, as bytes. */
export function benchLog(count: number, clients: number, perSecond: number): Buffer<ArrayBuffer> {
  const random = mulberry32(1);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const parts: Buffer[] = [];
  let text = '';
  for (let n = 0; n < count; n++) {
    const msec = (START + n / perSecond).toFixed(3);
    const ip = ipOf(Math.floor(random() * clients));
    const status = random() < 0.03 ? 404 : 200;
    text +=
      `{"msec":"${msec}","remote_addr":"${ip}","request_method":"GET","request_uri":"${pick(PATHS)}",` +
      `"status":"${status}","body_bytes_sent":"${Math.floor(random() * 50_000)}","request_time":"0.0${Math.floor(random() * 90 + 10)}",` +
      `"http_user_agent":"${pick(AGENTS)}"}\n`;
    if (text.length < 1 << 20) continue;
    parts.push(Buffer.from(text));
    text = '';
  }
  return Buffer.concat([...parts, Buffer.from(text)]);
}

/** Copies of the log's chunks of whole lines, each with a buffer of its own. */
export function chunksOf(log: Buffer, chunkBytes = 1 << 20): Uint8Array<ArrayBuffer>[] {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let start = 0; start < log.length; ) {
    const end = log.indexOf(10, Math.min(log.length - 1, start + chunkBytes)) + 1 || log.length;
    chunks.push(new Uint8Array(log.subarray(start, end)));
    start = end;
  }
  return chunks;
}
