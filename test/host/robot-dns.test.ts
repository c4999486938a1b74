import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { test } from 'node:test';
import { RobotDns, type RobotResolver } from '../../src/host/robot-dns.ts';
import { startNameServer } from '../support/name-server.ts';

const DOMAINS = ['.googlebot.com', '.google.com'];
const CRAWLER = '192.0.2.1';
const PTR = '1.2.0.192.in-addr.arpa';
const NAME = 'crawl-192-0-2-1.googlebot.com';

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Names of addresses, addresses of names, or the code with which the question fails; counts reverse questions. */
class FakeResolver implements RobotResolver {
  asked = 0;
  private readonly zone: Readonly<Record<string, string[] | string>>;

  constructor(zone: Readonly<Record<string, string[] | string>>) {
    this.zone = zone;
  }

  resolvePtr(name: string): Promise<string[]> {
    this.asked++;
    return this.find(name);
  }

  resolve4(name: string): Promise<string[]> {
    return this.find(`A ${name}`);
  }

  resolve6(name: string): Promise<string[]> {
    return this.find(`AAAA ${name}`);
  }

  private async find(key: string): Promise<string[]> {
    const answer = this.zone[key] ?? 'ENOTFOUND';
    if (typeof answer === 'string') throw failure(answer);
    return answer;
  }
}

function dnsOf(resolver: RobotResolver, now = (): number => 0): RobotDns {
  return new RobotDns({ resolver, now, timeoutMs: 60_000 });
}

test('a host name in the domain that resolves back verifies; any other DNS answer refutes', async () => {
  for (const [what, zone, verdict] of [
    ['confirmed', { [PTR]: [NAME], [`A ${NAME}`]: ['192.0.2.9', CRAWLER] }, 'verified'],
    ['trailing dot, capitals', { [PTR]: ['CRAWL.Googlebot.com.'], 'A crawl.googlebot.com': [CRAWLER] }, 'verified'],
    ['second name', { [PTR]: ['x.example.net', NAME], [`A ${NAME}`]: [CRAWLER] }, 'verified'],
    ['no name', {}, 'refuted'],
    ['a name elsewhere', { [PTR]: ['host.example.net'], 'A host.example.net': [CRAWLER] }, 'refuted'],
    ['the domain as a part', { [PTR]: ['a.googlebot.com.evil.example'] }, 'refuted'],
    ['the domain as an end of a word', { [PTR]: ['a.notgooglebot.com'], 'A a.notgooglebot.com': [CRAWLER] }, 'refuted'],
    ['not confirmed', { [PTR]: [NAME], [`A ${NAME}`]: ['192.0.2.9'] }, 'refuted'],
    ['confirmed by nothing', { [PTR]: [NAME], [`A ${NAME}`]: 'ENODATA' }, 'refuted'],
    ['no answer to the first question', { [PTR]: 'ESERVFAIL' }, 'unknown'],
    ['no answer to the second', { [PTR]: [NAME], [`A ${NAME}`]: 'ETIMEOUT' }, 'unknown'],
  ] as const) {
    assert.equal(await dnsOf(new FakeResolver(zone as never)).verify(CRAWLER, DOMAINS), verdict, what);
  }
});

test('IPv6 is confirmed by AAAA, however the address is written', async () => {
  const zone = {
    [`1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`]: ['a.google.com'],
    'AAAA a.google.com': ['2001:0db8:0:0::0001'],
  };
  assert.equal(await dnsOf(new FakeResolver(zone)).verify('2001:db8::1', DOMAINS), 'verified');
});

test('answers are remembered for a day, refusals for an hour, silence for five minutes', async () => {
  for (const [zone, verdict, minutes] of [
    [{ [PTR]: [NAME], [`A ${NAME}`]: [CRAWLER] }, 'verified', 24 * 60],
    [{}, 'refuted', 60],
    [{ [PTR]: 'ESERVFAIL' }, 'unknown', 5],
  ] as const) {
    let nowMs = 0;
    const resolver = new FakeResolver(zone as never);
    const dns = dnsOf(resolver, () => nowMs);
    await dns.verify(CRAWLER, DOMAINS);
    nowMs = minutes * 60_000 - 1;
    assert.equal(await dns.verify(CRAWLER, DOMAINS), verdict);
    assert.equal(resolver.asked, 1);
    nowMs++;
    await dns.verify(CRAWLER, DOMAINS);
    assert.equal(resolver.asked, 2, verdict);
  }
});

/** Holds every question until it is released. */
class SlowResolver extends FakeResolver {
  private readonly held: (() => void)[] = [];

  override async resolvePtr(): Promise<string[]> {
    this.asked++;
    await new Promise<void>((release) => this.held.push(release));
    return [];
  }

  release(): void {
    for (const release of this.held.splice(0)) release();
  }
}

test('four addresses are asked about at a time, one once, and a queue that is full asks nothing', async () => {
  const resolver = new SlowResolver({});
  const dns = dnsOf(resolver);
  const asking = Array.from({ length: 4 + 256 }, (_, n) => dns.verify(`198.51.${n >> 8}.${n & 255}`, DOMAINS));
  const same = dns.verify('198.51.0.0', DOMAINS);
  assert.equal(await dns.verify('192.0.2.200', DOMAINS), 'unknown');
  let rounds = 0;
  const all = Promise.all([...asking, same]).then(() => (rounds = -rounds));
  while (rounds >= 0) {
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(resolver.asked <= 4 * (rounds + 1), `${resolver.asked} questions in round ${rounds}`);
    resolver.release();
    rounds++;
    if (resolver.asked === asking.length) await all;
  }
  assert.equal(resolver.asked, asking.length);
});

test('a question that cannot even be asked is no answer', async () => {
  const resolver = new FakeResolver({});
  resolver.resolvePtr = () => {
    throw failure('EINVAL');
  };
  for (const address of [CRAWLER, 'no address']) {
    assert.equal(await dnsOf(resolver).verify(address, DOMAINS), 'unknown');
  }
});

test('an answer that takes too long is none', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const dns = new RobotDns({ resolver: new SlowResolver({}), now: () => 0, timeoutMs: 3000 });
  const verdict = dns.verify(CRAWLER, DOMAINS);
  t.mock.timers.tick(3000);
  assert.equal(await verdict, 'unknown');
});

test('with a real resolver: confirmed, elsewhere, not there, and a server that fails', async (t) => {
  const server = await startNameServer(t, {
    [`PTR ${PTR}`]: NAME,
    [`A ${NAME}`]: CRAWLER,
    'PTR 2.2.0.192.in-addr.arpa': 'host.example.net',
    'PTR 4.2.0.192.in-addr.arpa': 'SERVFAIL',
    'PTR 5.2.0.192.in-addr.arpa': 'fails.googlebot.com',
    'A fails.googlebot.com': 'SERVFAIL',
  });
  const resolver = new Resolver({ tries: 1 });
  resolver.setServers([server]);
  const dns = dnsOf(resolver);
  const verdicts = await Promise.all([1, 2, 3, 4, 5].map((host) => dns.verify(`192.0.2.${host}`, DOMAINS)));
  assert.deepEqual(verdicts, ['verified', 'refuted', 'refuted', 'unknown', 'unknown']);
});
