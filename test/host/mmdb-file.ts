/** Writes small MaxMind DB files (https://maxmind.github.io/MaxMind-DB/). */
import { parsePrefix } from '../../src/net/prefix.ts';

export interface MmdbFile {
  readonly recordSize: 24 | 28 | 32;
  readonly version: 4 | 6;
  readonly networks: readonly (readonly [network: string, value: object])[];
  /** A network of an IPv6 file that stands for all of IPv4. */
  readonly alias?: string;
  readonly builtSeconds: number;
}

type Node = [Node | number | undefined, Node | number | undefined];

export function encodeMmdb({ recordSize, version, networks, alias, builtSeconds }: MmdbFile): Buffer {
  const width = version === 4 ? 32 : 128;
  const root: Node = [undefined, undefined];
  const data: Buffer[] = [];
  const offsets = new Map<object, number>();
  let bytes = 0;
  const put = (value: bigint, bits: number, leaf: Node | number) => {
    let node = root;
    for (let depth = 0; depth < bits - 1; depth++) {
      const side = Number((value >> BigInt(width - depth - 1)) & 1n);
      const next = node[side];
      const child: Node = typeof next === 'object' ? next : [undefined, undefined];
      node[side] = child;
      node = child;
    }
    node[Number((value >> BigInt(width - bits)) & 1n)] = leaf;
  };
  for (const [text, value] of networks) {
    const prefix = parsePrefix(text);
    if (!prefix) throw new Error(text);
    if (!offsets.has(value)) {
      offsets.set(value, bytes);
      const encoded = encodeValue(value);
      data.push(encoded);
      bytes += encoded.length;
    }
    const isInside = version === 6 && prefix.family === 4;
    put(prefix.value, prefix.bits + (isInside ? 96 : 0), offsets.get(value) as number);
  }
  const aliased = version === 6 && alias !== undefined ? parsePrefix(alias) : undefined;
  if (aliased) {
    let ipv4 = root;
    for (let depth = 0; depth < 96; depth++) ipv4 = ipv4[0] as Node;
    put(aliased.value, aliased.bits, ipv4);
  }
  const nodes: Node[] = [];
  const numbers = new Map<Node, number>();
  const visit = (node: Node) => {
    if (numbers.has(node)) return;
    numbers.set(node, nodes.push(node) - 1);
    for (const next of node) if (typeof next === 'object') visit(next);
  };
  visit(root);
  const record = (next: Node[number]) =>
    next === undefined
      ? nodes.length
      : typeof next === 'number'
        ? nodes.length + 16 + next
        : (numbers.get(next) as number);
  const tree = nodes.map(([left, right]) => encodeNode(record(left), record(right), recordSize));
  const metadata = encodeValue({
    node_count: nodes.length,
    record_size: recordSize,
    ip_version: version,
    build_epoch: builtSeconds,
  });
  const mark = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
  return Buffer.concat([...tree, Buffer.alloc(16), ...data, mark, metadata]);
}

function encodeNode(left: number, right: number, size: number): Buffer {
  const node = Buffer.alloc(size / 4);
  if (size === 32) {
    node.writeUInt32BE(left, 0);
    node.writeUInt32BE(right, 4);
    return node;
  }
  node.writeUIntBE(left % 0x100_0000, 0, 3);
  node.writeUIntBE(right % 0x100_0000, size / 8 === 3 ? 3 : 4, 3);
  if (size === 28) node.writeUInt8((left >>> 24) * 16 + (right >>> 24), 3);
  return node;
}

function encodeValue(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(6, 4), bytes]);
  }
  const entries = Object.entries(value as object);
  return Buffer.concat([
    control(7, entries.length),
    ...entries.flatMap(([key, inner]) => [encodeValue(key), encodeValue(inner)]),
  ]);
}

function control(type: number, size: number): Buffer {
  return size < 29 ? Buffer.from([(type << 5) | size]) : Buffer.from([(type << 5) | 29, size - 29]);
}
