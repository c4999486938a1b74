/** A name server on loopback, for what only the real resolver does. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** Values by `TYPE name`: PTR has names, A addresses; `SERVFAIL` fails. Whatever else is asked does not exist. */
export type Zone = Readonly<Record<string, string>>;

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 12: 'PTR' };
const HEADER_BYTES = 12;
/** Response, recursion available; the code goes into the low four bits (RFC 1035 section 4.1.1). */
const [FLAGS, SERVFAIL, NXDOMAIN] = [0x8180, 2, 3];

/** Returns where it listens, as `address:port`. */
export async function startNameServer(t: { after(fn: () => void): void }, zone: Zone): Promise<string> {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.on('message', (query, { address, port }) => socket.send(answer(query, zone), port, address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return `127.0.0.1:${socket.address().port}`;
}

function answer(query: Buffer, zone: Zone): Buffer {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  const type = query.readUInt16BE(at + 1);
  const value = zone[`${TYPES[type]} ${labels.join('.')}`];
  const data = value === undefined || value === 'SERVFAIL' ? undefined : encode(type, value);
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(FLAGS | (data ? 0 : value ? SERVFAIL : NXDOMAIN), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(data ? 1 : 0, 6);
  const question = query.subarray(HEADER_BYTES, at + 5);
  if (!data) return Buffer.concat([header, question]);
  // The name of the question, class IN, a minute.
  const record = Buffer.from([0xc0, HEADER_BYTES, 0, type, 0, 1, 0, 0, 0, 60, 0, data.length]);
  return Buffer.concat([header, question, record, data]);
}

function encode(type: number, value: string): Buffer {
  if (TYPES[type] === 'A') return Buffer.from(value.split('.').map(Number));
  const labels = value.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
