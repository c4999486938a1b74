import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConnections, parseIpv4Gateways, parseIpv6Gateways } from '../../src/host/proc-net.ts';
import { formatPrefix } from '../../src/net/prefix.ts';

const ROUTE = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth1\t006433C6\tFE6433C6\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth2\t00000000\t017100CB\t0002\t0\t0\t0\t00000000\t0\t0\t0
tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
`;
const ZERO = '0'.repeat(32);
const IPV6_ROUTE = `20010db8000000010000000000000000 40 ${ZERO} 00 ${ZERO} 00000100 00000001 00000000 00000001     eth0
${ZERO} 00 ${ZERO} 00 20010db8000000010000000000000001 00000400 00000002 00000000 00000003     eth0
${ZERO} 00 ${ZERO} 00 fe800000000000000000000000000001 00000400 00000002 00000000 00450003     eth1
${ZERO} 00 ${ZERO} 00 ${ZERO} ffffffff 00000001 00000000 00200200       lo
`;
const TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1594 1 0 100 0 0 10 0
   1: 020200C0:0016 0A6433C6:D431 01 00000000:00000000 02:000A7F00 00000000     0        0 1595 4 0 20 4 30 10 -1
   2: 020200C0:0050 0B6433C6:D432 01 00000000:00000000 02:000A7F00 00000000     0        0 1596 4 0 20 4 30 10 -1
   3: 020200C0:0016 0C6433C6:D433 06 00000000:00000000 03:00000F00 00000000     0        0 0 3 0
   4: 020200C0:C016 0D6433C6:0016 01 00000000:00000000 02:000A7F00 00000000     0        0 1597 4 0 20 4 30 10 -1
10005: 020200C0:08AE 0E6433C6:D434 01 00000000:00000000 02:000A7F00 00000000     0        0 1598 4 0 20 4 30 10 -1
`;
const TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: B80D0120010000000000000002000000:0016 B80D0120030000000000000009000000:D431 01 00000000:00000000 02:000A7F00 00000000     0        0 1 1 0
   1: 0000000000000000FFFF0000020200C0:0016 0000000000000000FFFF0000076433C6:D431 01 00000000:00000000 02:000A7F00 00000000     0        0 1 1 0
`;

const texts = (found: readonly { prefix: Parameters<typeof formatPrefix>[0] }[]) =>
  found.map(({ prefix }) => formatPrefix(prefix));

const remotes = (found: ReturnType<typeof parseConnections>) => found.map(({ remote }) => formatPrefix(remote));

test('the IPv4 default gateway is found; networks, routes that are down and point-to-point links are not', () => {
  const gateways = parseIpv4Gateways(ROUTE);
  assert.deepEqual(texts(gateways), ['192.0.2.1']);
  assert.equal(gateways[0]?.interfaceName, 'eth0');
});

test('IPv6 default gateways are found, link-local ones included; the reject route is none', () => {
  assert.deepEqual(texts(parseIpv6Gateways(IPV6_ROUTE)), ['2001:db8:0:1::1', 'fe80::1']);
});

test('peers of established connections to the SSH ports are found, and of no others', () => {
  assert.deepEqual(remotes(parseConnections(TCP, [22])), ['198.51.100.10']);
  assert.deepEqual(
    parseConnections(TCP, [22, 2222]).map(({ remote, local }) => [formatPrefix(remote), local]),
    [
      ['198.51.100.10', 22],
      ['198.51.100.14', 2222],
    ],
  );
  assert.deepEqual(parseConnections(TCP, []), []);
  assert.equal(parseConnections(TCP).length, 4, 'of all ports');
});

test('IPv6 peers are found, IPv4-mapped ones as IPv4', () => {
  assert.deepEqual(remotes(parseConnections(TCP6, [22])), ['2001:db8:0:3::9', '198.51.100.7']);
});

test('empty and foreign text gives nothing', () => {
  for (const text of ['', 'no such table', '\0\u0001', '1: :0016 : 01 ']) {
    assert.deepEqual([...parseIpv4Gateways(text), ...parseIpv6Gateways(text), ...parseConnections(text, [22])], []);
  }
});
