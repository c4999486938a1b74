/** While a swarm is under way: what its first lane leaves room for, who speaks for whom, and what becomes of its networks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { START } from '../support/traffic.ts';
import { anyAddress, crowd, isOfSwarm, logOf, OLD_BROWSER, type Request, replay, USUAL_SECONDS } from './story.ts';

const FROM = START + USUAL_SECONDS;
const RARE_BROWSER = 'Mozilla/5.0 (X11; U; Linux) Epiphany/2.30';
const COMMON_BROWSER = 'Mozilla/5.0 (X11) Firefox/127';
/** Where visitors hardly go. */
const rareRequest = (n: number) => ({ path: `/page/old-${n % 500}`, referer: 'https://www.site.example/' });

/** When each look was stopped first, in seconds from the swarm's beginning. */
function lanesOf(requests: readonly Request[]): Map<string | undefined, number> {
  const lanes = new Map<string | undefined, number>();
  for (const event of replay(logOf(requests)))
    if (event.event === 'lane' && event.phase === 'start')
      lanes.set(event.match.user_agent, Date.parse(event.time) / 1000 - FROM);
  return lanes;
}

/** Clients that come between `from` and `to`, and again every `gap` seconds until `end`. */
function returning(
  count: number,
  [from, to, end]: readonly [number, number, number],
  gap: number,
  request: (client: number, turn: number, second: number) => Pick<Request, 'path' | 'agent' | 'referer'>,
  address: (client: number) => string = anyAddress,
): Request[] {
  return Array.from({ length: count }, (_, client) => {
    const first = from + Math.floor(((to - from) * client) / count);
    const ip = address(client);
    return Array.from({ length: Math.ceil((end - first) / gap) }, (_, turn) => {
      const second = first + gap * turn;
      return { second: FROM + second, ip, ...request(client, turn, second) };
    });
  }).flat();
}

test('a lane that covers much and touches nobody leaves room for another, which alone would need more of what is usual', () => {
  // Three hours of this site are 2700 lines known: alone a lane must cover 37 % of the surplus.
  const agent = (n: number) => ((7 * n) % 100 < 70 ? OLD_BROWSER : RARE_BROWSER);
  const lanes = lanesOf(crowd(4, 900, (n) => ({ ...rareRequest(n), agent: agent(n) })));
  assert.deepEqual([...lanes.keys()].sort(), [OLD_BROWSER, RARE_BROWSER].sort());
  assert.ok(Math.max(...lanes.values()) <= 120, JSON.stringify([...lanes]));
});

test('clients of a swarm that come back after minutes do not speak for it as if they were known', () => {
  // For five minutes they have nothing in common, and then they all call themselves the same.
  const agent = (client: number, second: number) => (second < 300 ? `Mozilla/5.0 (${client})` : OLD_BROWSER);
  const lanes = lanesOf(
    returning(2400, [0, 900, 900], 100, (client, turn, second) => ({
      ...rareRequest(client + turn),
      agent: agent(client, second),
    })),
  );
  const after = (lanes.get(OLD_BROWSER) ?? Number.POSITIVE_INFINITY) - 300;
  assert.ok(after <= 75, `after ${after} s`);
});

test('a network is banned again as soon as its ban ends while its swarm goes on, though nobody new comes', () => {
  const requests = returning(
    400,
    [0, 60, 1500],
    30,
    (client, turn) => ({ ...rareRequest(client + turn), agent: COMMON_BROWSER }),
    (client) => `95.${client % 40}.7.${1 + Math.floor(client / 40)}`,
  );
  const again = new Map<string, number[]>();
  for (const event of replay(logOf(requests)).filter(isOfSwarm))
    if (event.event === 'ban')
      again.set(event.ip, [...(again.get(event.ip) ?? []), Date.parse(event.time) / 1000 - FROM]);
  assert.equal(again.size, 40);
  for (const [network, [first = 0, second = Number.POSITIVE_INFINITY]] of again)
    assert.ok(second - first <= 600 + 40, `${network}: ${first} s, ${second} s`);
});

test('one client that came before and asks as the swarm does, again and again, does not protect it', () => {
  const swarm = crowd(4, 600, (n) => ({ ...rareRequest(n), agent: OLD_BROWSER }));
  const accomplice = Array.from({ length: 600 }, (_, n) => ({
    ...{ second: FROM + n, ip: '81.2.3.1' },
    ...{ ...rareRequest(n), agent: OLD_BROWSER },
  }));
  assert.deepEqual([...lanesOf([...swarm, ...accomplice]).keys()], [OLD_BROWSER]);
});

test('a lane that comes to touch clients from before its swarm ends, and stays closed though the swarm goes on', () => {
  const swarm = crowd(4, 3000, (n) => ({ ...rareRequest(n), agent: OLD_BROWSER }));
  // From the twentieth minute on visitors of before have that browser too.
  const visitors = Array.from({ length: 300 }, (_, n) => ({
    ...{ second: FROM + 1200 + 6 * n, ip: `81.2.${n % 40}.1` },
    ...{ ...rareRequest(n), agent: OLD_BROWSER },
  }));
  const lanes = replay(logOf([...swarm, ...visitors])).flatMap((event) => (event.event === 'lane' ? [event] : []));
  assert.deepEqual(
    lanes.map(({ phase }) => phase),
    ['start', 'end'],
  );
  const end = lanes[1];
  assert.ok(end?.phase === 'end' && (end.clients_touched ?? 0) >= 5, JSON.stringify(end));
  const after = Date.parse(end.time) / 1000 - FROM - 1200;
  assert.ok(after > 0 && after <= 120, `after ${after} s`);
});

test('sixteen lanes that somebody opened by decoys do not keep the swarm that follows from being stopped', () => {
  const decoy = (n: number) => `decoy/${n}`;
  // Four at a time, so that each is a good part of what is more than usual; then each sends as much as keeps its lane open.
  const decoys = [0, 1, 2, 3].flatMap((turn) => {
    const asked = crowd(4, 240, (n) => ({ ...rareRequest(n), agent: decoy(4 * turn + (n % 4)) }));
    return asked.map((request) => ({ ...request, second: request.second + 240 * turn }));
  });
  const rest = crowd(5, 1500, (n) => ({ ...rareRequest(n), agent: decoy(n % 16) }));
  const swarm = crowd(12, 600, (n) => ({ ...rareRequest(n), agent: OLD_BROWSER }));
  const late = swarm.map((request) => ({ ...request, second: request.second + 1000 }));
  const lanes = replay(logOf([...decoys, ...rest, ...late])).flatMap((event) =>
    event.event === 'lane' ? [event] : [],
  );
  const at = lanes.findIndex(({ phase, match }) => phase === 'start' && match.user_agent === OLD_BROWSER);
  const before = lanes.slice(0, at).filter(({ phase }) => phase === 'start');
  assert.equal(new Set(before.map(({ match }) => match.user_agent)).size, 16, JSON.stringify(before));
  const after = Date.parse(lanes[at]?.time ?? '') / 1000 - FROM - 1000;
  assert.ok(after <= 60, `after ${after} s`);
  const [gone] = lanes.slice(0, at).filter((lane) => lane.phase === 'end');
  assert.deepEqual([gone?.gave_way, gone?.match.user_agent?.startsWith('decoy/')], [true, true]);
});

test('a user agent that nginx cannot match, because it is too long, is left for what else the swarm has in common', () => {
  const agent = `Mozilla/5.0 ${'('.repeat(1100)}`;
  let next = 0;
  const requests = crowd(4, 600, () => ({ path: `/rare?page=${next++}`, agent }));
  const [lane] = replay(logOf(requests)).filter(({ event }) => event === 'lane');
  assert.ok(lane?.event === 'lane' && lane.match.path === '/rare' && lane.match.user_agent === undefined);
});

test('a swarm that goes on for longer than a day is stopped all the time: each day by a lane of its own', () => {
  const requests = crowd(0.5, 25 * 3600, (n) => ({ ...rareRequest(n), agent: OLD_BROWSER }));
  const lanes = replay(logOf(requests, USUAL_SECONDS + 26 * 3600)).flatMap((event) =>
    event.event === 'lane' ? [event] : [],
  );
  assert.deepEqual(
    lanes.map(({ phase }) => phase),
    ['start', 'end', 'start', 'end'],
    JSON.stringify(lanes),
  );
  const [first, over, second] = lanes;
  assert.ok(over?.phase === 'end' && over.id === first?.id && over.followed_by === second?.id);
  assert.equal(over.time, second?.time);
  assert.deepEqual(second?.match, first?.match);
  assert.ok(over.duration_seconds <= 86_400 && over.duration_seconds > 86_000, `${over.duration_seconds} s`);
});

test('a network whose ban ends while others are still banned is banned again at once, though it has only six clients', () => {
  const requests = Array.from({ length: 40 }, (_, net) =>
    returning(
      6,
      [10 * net, 10 * net + 12, 1500],
      12,
      (client, turn) => ({ ...rareRequest(41 * client + net + turn), agent: COMMON_BROWSER }),
      (client) => `95.${net}.7.${1 + client}`,
    ),
  ).flat();
  const bans = new Map<string, number[]>();
  for (const event of replay(logOf(requests)).filter(isOfSwarm))
    if (event.event === 'ban') bans.set(event.ip, [...(bans.get(event.ip) ?? []), Date.parse(event.time) / 1000]);
  assert.equal(bans.size, 40);
  for (const [network, [first = 0, second = Number.POSITIVE_INFINITY]] of bans)
    assert.ok(second - first <= 600 + 10, `${network}: again after ${second - first} s`);
});
