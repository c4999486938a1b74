/** A site for stories about swarms: visitors who load files, an API's newcomers who do not, and crowds spliced in. */
import type { EngineEvent } from '../../src/model/told-event.ts';
import { Bench, chunked, ENGINE, type Overrides } from '../support/engine.ts';
import { mulberry32, START } from '../support/traffic.ts';

export interface Request {
  readonly second: number;
  readonly ip: string;
  readonly path: string;
  readonly agent: string;
  readonly method?: string;
  readonly status?: number;
  readonly referer?: string;
  readonly protocol?: string;
}

export const BROWSERS = [
  'Mozilla/5.0 (Windows NT 10.0) Chrome/126',
  'Mozilla/5.0 (X11) Firefox/127',
  'Mozilla/5.0 (iPhone) Safari/604',
];
export const OLD_BROWSER = 'Mozilla/5.0 (Windows NT 6.1) Firefox/40.1';
/** Seconds of usual traffic before anything else happens. */
export const USUAL_SECONDS = 3 * 3600;

const random = mulberry32(7);
const below = (n: number) => Math.floor(random() * n);
export const anyAddress = () => `${20 + below(60)}.${below(250)}.${below(250)}.${1 + below(250)}`;

function lineOf(asked: Request): string {
  const { second, ip, path, agent, method = 'GET', status = 200, referer = '-', protocol = 'HTTP/1.1' } = asked;
  return `{"msec":"${second}.5","remote_addr":"${ip}","request":"${method} ${path} ${protocol}","server_protocol":"${protocol}","status":"${status}","body_bytes_sent":"900","http_user_agent":"${agent}","http_referer":"${referer}"}`;
}

/** Visitors every two seconds, one of four new; half of the new ones load files. */
function usual(seconds: number): Request[] {
  return Array.from({ length: seconds / 2 }, (_, i) => {
    const second = START + 2 * i;
    const agent = BROWSERS[below(3)] as string;
    const ip = i % 8 === 0 ? anyAddress() : `81.2.${below(40)}.${1 + below(3)}`;
    const page = { second, ip, agent, path: `/page/${below(9)}`, referer: 'https://www.site.example/' };
    return i % 2 === 0 ? [page, { ...page, path: '/style.css' }] : [page];
  }).flat();
}

/** So many requests a second by new clients with one to three each, from USUAL_SECONDS on. */
export function crowd(
  rate: number,
  seconds: number,
  request: (n: number) => Omit<Request, 'second' | 'ip'>,
  address = anyAddress,
): Request[] {
  const requests: Request[] = [];
  for (let n = 0; requests.length < rate * seconds; n++) {
    const [ip, first] = [address(), below(seconds - 20)];
    for (let i = 0; i <= n % 3; i++)
      requests.push({ second: START + USUAL_SECONDS + first + 7 * i, ip, ...request(n) });
  }
  return requests;
}

/** The log of a site with a crowd in it, an hour longer than usual. */
export function logOf(requests: readonly Request[], seconds = USUAL_SECONDS + 3600): string[] {
  return [...usual(seconds), ...requests].sort((a, b) => a.second - b.second).map(lineOf);
}

export function swarmBench(swarm: Overrides['swarm'] = { action: 'hold' }, hashKey = 0): Bench {
  return new Bench({ detection: ENGINE.detection, swarm: swarm ?? {}, hashKey }, { hashKey });
}

export function replay(lines: readonly string[], chunkBytes = 1 << 20, bench = swarmBench()): readonly EngineEvent[] {
  for (const bytes of chunked(lines, chunkBytes)) bench.feedBytes(bytes);
  return bench.events;
}

export const isOfSwarm = (event: EngineEvent): boolean =>
  event.event === 'lane' || ((event.event === 'ban' || event.event === 'refused') && event.condition === 'swarm');
