import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { describe, test } from 'node:test';
import { type AccessEvent, ATTACK_KINDS, isAttack } from '../../src/simulate/access-event.ts';
import { demonstrationPlan, parseAttacks } from '../../src/simulate/attacks/plan.ts';
import { HOUR_MS, isAsset, NOON_MS, perClientMinute, plan, requests } from './day.ts';

/** The attack's requests in a quiet quarter of an hour, starting after five minutes. */
function attack(word: string, durationMs = 900_000): AccessEvent[] {
  return requests({ durationMs, rateRps: 0.5, attack: word }).filter(({ from }) => isAttack(from.role));
}

/** Clients in each /24 or /48. */
function perNetwork(events: readonly AccessEvent[]): number[] {
  const networks = Map.groupBy(clients(events), (client) =>
    client.includes(':') ? client.split(':').slice(0, 3).join(':') : client.replace(/\.\d+$/, ''),
  );
  return [...networks.values()].map((own) => own.length);
}

function clients(events: readonly AccessEvent[]): Set<string> {
  return new Set(events.map(({ from }) => from.client));
}

describe('attacks happen when asked for', () => {
  test('and not otherwise', () => {
    assert.deepEqual(attack('none'), []);
    for (const kind of ATTACK_KINDS) {
      const roles = new Set(attack(`${kind}@5m+1m`).map(({ from }) => from.role));
      assert.deepEqual([...roles], [kind]);
    }
  });

  test('at their time', () => {
    const events = attack('login@5m+2m');
    assert.ok(events.every(({ timeMs }) => timeMs >= NOON_MS + 300_000 && timeMs < NOON_MS + 420_000));
  });

  test('a flood is one client with 500 requests a second on one path', () => {
    const events = attack('flood@5m+20s');
    assert.ok(events.length > 9_000 && events.length < 11_000, String(events.length));
    assert.equal(clients(events).size, 1);
    assert.equal(new Set(events.map(({ path }) => path)).size, 1);
    const half = attack('flood@5m+20s*0.5').length;
    assert.ok(half > 4_500 && half < 5_500, String(half));
  });

  test('an IPv6 attacker changes its address within its network', () => {
    const events = attack('flood6@5m+20s');
    assert.equal(clients(events).size, 1);
    assert.ok(new Set(events.map(({ from }) => from.ip)).size > 10);
    assert.ok(events.every(({ from }) => isIPv6(from.ip)));
  });

  test('a scanner meets 3xx and 4xx on paths that nobody else asks for', () => {
    const events = attack('scanner@5m+1m');
    assert.ok(events.length > 250 && events.length < 2_000, String(events.length));
    assert.ok(events.filter(({ status }) => status >= 300).length > events.length * 0.9);
    assert.equal(new Set(events.map(({ path }) => path)).size, events.length);
  });

  test('a masked scanner is a browser that also loads pages', () => {
    const events = attack('masked-scan@5m+5m');
    assert.ok(events.every(({ from }) => from.userAgent.startsWith('Mozilla/5.0')));
    const probes = events.filter(({ status }) => status === 404 || status === 403);
    assert.ok(probes.length > 200 && probes.length < 400, String(probes.length));
    assert.ok(events.filter(isAsset).length > 200);
  });

  test('where a site redirects whatever it does not know, a scanner meets nothing else', () => {
    const events = attack('redirect-scan@5m+1m');
    assert.ok(events.length > 100);
    assert.ok(events.every(({ status }) => status === 301 || status === 302));
  });

  test('a flood of rare pages never asks the same twice, one of POSTs always', () => {
    const rare = attack('rare-flood@5m+1m');
    assert.ok(rare.length > 1000 && rare.length < 1400, String(rare.length));
    assert.equal(new Set(rare.map(({ path }) => path)).size, rare.length);
    const posts = attack('post-flood@5m+1m');
    assert.ok(posts.length > 1000 && posts.every(({ method }) => method === 'POST'));
    assert.equal(new Set(posts.map(({ path }) => path)).size, 1);
  });

  test('a harvester walks over all pages and loads nothing else', () => {
    const events = attack('harvest@0s+15m');
    assert.ok(events.length > 700 && !events.some(isAsset));
    assert.ok(new Set(events.map(({ path }) => path)).size >= 600);
  });

  test('behind a carrier an attacker shares its address with honest people', () => {
    const all = requests({ durationMs: HOUR_MS, attack: 'login:carrier@30m' });
    const attacking = all.filter(({ from }) => isAttack(from.role));
    assert.equal(clients(attacking).size, 1);
    const address = attacking[0]?.from.client;
    assert.ok(all.some(({ from }) => from.client === address && from.role === 'carrier'));
  });

  test('single attackers have an address each', () => {
    assert.equal(clients(attack('login@1m,login@2m,scanner@3m,xmlrpc@4m,rare-flood@5m')).size, 5);
  });

  test('a password guesser repeats one POST', () => {
    const events = attack('login@5m+2m');
    assert.ok(events.length > 100 && events.length < 400, String(events.length));
    assert.equal(
      new Set(events.map(({ method, path, status }) => `${method} ${path} ${status >= 400}`)).size <= 2,
      true,
    );
    assert.ok(events.every(({ method }) => method === 'POST'));
  });

  test('a ramp starts unnoticed and ends at twenty a second', () => {
    const events = attack('ramp@0s+1h', HOUR_MS);
    const within = (from: number, to: number): number =>
      events.filter(({ timeMs }) => timeMs - NOON_MS >= from && timeMs - NOON_MS < to).length / ((to - from) / 1000);
    assert.ok(within(0, 300_000) < 2);
    assert.ok(within(55 * 60_000, HOUR_MS) > 16);
  });

  test('no client of a distributed flood stands out, together they do', () => {
    const events = attack('distributed@1m+10m');
    assert.ok(events.length > 55_000);
    assert.equal(clients(events).size, 1200);
    assert.ok(Math.max(...perClientMinute(events)) < 10);
    assert.equal(new Set(events.map(({ path }) => path)).size, 1);
    assert.ok(Math.max(...perNetwork(events)) <= 8, 'nor does a network');
  });

  test('one of neighbours comes from six networks, with one tool', () => {
    const events = attack('distributed-near@1m+2m');
    assert.equal(clients(events).size, 1200);
    assert.ok(Math.max(...perClientMinute(events)) < 10);
    assert.ok(perNetwork(events).length <= 6, String(perNetwork(events)));
    assert.equal(new Set(events.map(({ from }) => from.userAgent)).size, 1);
  });

  test('one of random queries never asks the same twice', () => {
    const events = attack('distributed-random@1m+2m');
    assert.equal(clients(events).size, 1200);
    assert.ok(Math.max(...perClientMinute(events)) < 10);
    assert.equal(new Set(events.map(({ path }) => path)).size, events.length);
    assert.equal(new Set(events.map(({ path }) => path.replace(/\?.*/, ''))).size, 1);
    assert.ok(new Set(events.map(({ from }) => from.userAgent)).size > 100);
  });

  test('a slow scan and a scraper keep their pace', () => {
    const slow = attack('slow-scan@0s+1h', HOUR_MS).length;
    assert.ok(slow > 80 && slow < 170, String(slow));
    const scrape = attack('api-scrape@0s+15m');
    assert.ok(scrape.length > 1_200 && scrape.length < 1_500, String(scrape.length));
    assert.ok(scrape.every(({ status }) => status === 200 || status === 499));
  });
});

describe('a flash crowd', () => {
  const events = requests({ durationMs: 900_000, rateRps: 0.5, attack: 'flash-crowd@5m+10m' });
  const crowd = events.filter(({ from }) => from.role === 'flash-crowd');
  const byClient = [...Map.groupBy(crowd, ({ from }) => from.client).values()];

  test('is no attack', () => {
    assert.ok(crowd.every(({ from }) => !isAttack(from.role)));
    assert.ok(!plan('all', HOUR_MS).some(({ kind }) => kind === 'flash-crowd'));
  });

  test('is many people who land on one page, load its files, and some of whom read on', () => {
    assert.ok(byClient.length > 600, String(byClient.length));
    const landings = Map.groupBy(byClient, ([first]) => first?.path);
    const most = Math.max(...[...landings.values()].map((own) => own.length));
    assert.ok(most > byClient.length * 0.9, 'but for those who sign in first');
    assert.ok(byClient.every((own) => own.some(isAsset)));
    const pages = byClient.map(
      (own) => new Set(own.filter(({ path }) => /^\/(product|blog|category)/.test(path))).size,
    );
    assert.ok(pages.filter((count) => count > 1).length > byClient.length / 4);
    assert.ok(new Set(crowd.map(({ from }) => from.userAgent)).size > 100);
    assert.ok(crowd.filter(({ referer }) => referer !== '').length > crowd.length * 0.9);
  });

  test('comes at once and fades', () => {
    const within = (from: number, to: number): number =>
      byClient.filter(([first]) => first && first.timeMs >= NOON_MS + from && first.timeMs < NOON_MS + to).length;
    assert.ok(within(300_000, 360_000) > 3 * within(600_000, 660_000));
  });
});

describe('the text of --attacks', () => {
  test('all names every kind, with IPv6 twins of flood and scanner, within the time there is', () => {
    const plans = plan('all', 86_400_000);
    assert.deepEqual(new Set(plans.map(({ kind }) => kind)), new Set(ATTACK_KINDS));
    assert.equal(plans.filter(({ origin }) => origin === 'ipv6').length, 2);
    for (const { atMs } of plans) assert.ok(atMs >= 0.25 * 86_400_000 && atMs < 86_400_000);
  });

  test('gives start, duration and intensity', () => {
    assert.deepEqual(plan('scanner6@1h30m+90s*0.5', HOUR_MS), [
      { kind: 'scanner', origin: 'ipv6', atMs: 5_400_000, durationMs: 90_000, intensity: 0.5 },
    ]);
  });

  test('mistakes are named', () => {
    assert.match(String(parseAttacks('flod', HOUR_MS)), /"flod" is not an attack; known are flood, /);
    assert.match(String(parseAttacks('flood@noon', HOUR_MS)), /"noon" in "flood@noon" is not a time/);
    assert.match(String(parseAttacks('flood+long', HOUR_MS)), /"long" in "flood\+long" is not a duration/);
    assert.match(String(parseAttacks('flood,', HOUR_MS)), /"" is not an attack/);
  });

  test('a demonstration starts within half a minute and repeats, with the flood from the same address', () => {
    const plans = demonstrationPlan(plan('flood,scanner,login', Number.POSITIVE_INFINITY), 0);
    assert.ok(plans.every(({ atMs }) => atMs >= 10_000 && atMs <= 30_000));
    const events = requests({ durationMs: 1_000_000, rateRps: 0.5, attacks: plans });
    const floods = events.filter(({ from }) => from.role === 'flood');
    assert.equal(clients(floods).size, 1);
    assert.ok(floods.some(({ timeMs }) => timeMs > NOON_MS + 900_000));
  });
});
