/** What the kernel tells under /proc/net, as prefixes. Pure; little-endian hosts (proc(5), Linux's route.h and tcp_states.h). */
import { type Prefix, parsePrefix } from '../net/prefix.ts';

const RTF_UP = 0x1;
const RTF_GATEWAY = 0x2;

export interface Gateway {
  readonly prefix: Prefix;
  readonly interfaceName: string;
}

/** Default gateways in the text of /proc/net/route. */
export function parseIpv4Gateways(text: string): Gateway[] {
  return text.split('\n').flatMap((line) => {
    const [interfaceName = '', destination, gateway = '', flags = '', , , , mask] = line.trim().split(/\s+/);
    if (destination !== '00000000' || mask !== '00000000' || !isGateway(flags)) return [];
    const prefix = parseSocketAddress(gateway);
    return prefix ? [{ prefix, interfaceName }] : [];
  });
}

/** Default gateways in the text of /proc/net/ipv6_route, which writes addresses in network order. */
export function parseIpv6Gateways(text: string): Gateway[] {
  return text.split('\n').flatMap((line) => {
    const [destination, length, , , gateway = '', , , , flags = '', interfaceName = ''] = line.trim().split(/\s+/);
    if (length !== '00' || !/^0{32}$/.test(destination ?? '') || !isGateway(flags)) return [];
    const prefix = /^[0-9a-f]{32}$/i.test(gateway) ? parsePrefix(gateway.replace(/(....)(?=.)/g, '$1:')) : undefined;
    return prefix ? [{ prefix, interfaceName }] : [];
  });
}

function isGateway(flags: string): boolean {
  const bits = Number.parseInt(flags, 16);
  return (bits & RTF_UP) !== 0 && (bits & RTF_GATEWAY) !== 0;
}

export interface Connection {
  /** The local port. */
  readonly local: number;
  readonly remote: Prefix;
  /** Local port, remote address and port as the kernel prints them: tells connections apart. */
  readonly name: string;
}

/** Established connections, of some local ports or of all, in the text of /proc/net/tcp or tcp6. */
export function parseConnections(text: string, ports?: readonly number[]): Connection[] {
  // One scan with a regular expression: on a busy server this is megabytes, of which nearly all lines are other people's.
  const local = ports?.map((port) => port.toString(16).toUpperCase().padStart(4, '0')).join('|') ?? '[0-9A-F]{4}';
  if (local === '') return [];
  const established = new RegExp(`^ *\\d+: [0-9A-F]+:(${local}) (([0-9A-F]{8,32}):[0-9A-F]{4}) 01 `, 'gm');
  return [...text.matchAll(established)].flatMap(([, port = '', other = '', hex = '']) => {
    const remote = parseSocketAddress(hex);
    return remote ? [{ local: Number.parseInt(port, 16), remote, name: `${port} ${other}` }] : [];
  });
}

/** 32-bit words in the byte order of the host, four for IPv6; IPv4-mapped addresses become IPv4. */
function parseSocketAddress(hex: string): Prefix | undefined {
  if (!/^([0-9A-F]{8}|[0-9A-F]{32})$/i.test(hex)) return undefined;
  const bytes = Buffer.from(hex, 'hex');
  bytes.swap32();
  if (bytes.length === 4) return parsePrefix(bytes.join('.'));
  return parsePrefix(bytes.toString('hex').replace(/(....)(?=.)/g, '$1:'));
}
