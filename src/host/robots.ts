/** Robots whose operators say how to verify them: by networks that they publish, or by the domains of their host names. */
import { readFileSync } from 'node:fs';
import type { RobotNetwork } from '../detect/robot-verdicts.ts';
import type { DetectionOptions } from '../settings/engine-settings.ts';
import { type ListReports, loadNamedList, loadOwnOr, parsePublished } from './named-list.ts';

/** The list that comes with zban. */
export const SHIPPED_ROBOTS = new URL('./robots.txt', import.meta.url).pathname;
const LINES_MAX = 50_000;
const DOMAIN = /^\.[a-z0-9-]+(\.[a-z0-9-]+)+$/i;

export class RobotList {
  readonly networks: readonly RobotNetwork[];
  /** Domains by the word of the user agent, in lower case. */
  private readonly domains: ReadonlyMap<string, readonly string[]>;
  private readonly names: readonly string[];

  constructor(lines: readonly (RobotNetwork | { readonly name: string; readonly domain: string })[]) {
    this.networks = lines.filter((line) => 'prefix' in line);
    const domains = lines.filter((line) => 'domain' in line);
    this.domains = new Map(
      [...Map.groupBy(domains, ({ name }) => name)].map(([name, some]) => [name, some.map(({ domain }) => domain)]),
    );
    this.names = [...new Set(lines.map(({ name }) => name))];
  }

  /** How many robots it knows. */
  get size(): number {
    return this.names.length;
  }

  /** The robot that the user agent claims to be. */
  findClaimed(userAgent: string): string | undefined {
    const text = userAgent.toLowerCase();
    return this.names.find((name) => text.includes(name.toLowerCase()));
  }

  /** The robot in whose domain a host name is. */
  findByHostName(hostName: string): string | undefined {
    return [...this.domains].find(([, domains]) => domains.some((domain) => hostName.endsWith(domain)))?.[0];
  }

  /** Domains that the robot's host names end in, each with its leading dot; none where DNS says nothing. */
  domainsOf(name: string): readonly string[] {
    return this.domains.get(name) ?? [];
  }
}

/** Reads `NAME NETWORK` and `NAME .DOMAIN` lines. Throws NamedListError. */
export function loadRobots(path: string, onDoubt?: ListReports['onDoubt']): RobotList {
  const format = {
    linesMax: LINES_MAX,
    parse: (name: string, value: string) => {
      const prefix = parsePublished(value);
      if (prefix) return { name, prefix };
      return DOMAIN.test(value) ? { name, domain: value.toLowerCase() } : undefined;
    },
    expected: 'NAME NETWORK or NAME .DOMAIN, such as Examplebot 192.0.2.0/24 or Examplebot .crawl.example.com',
  };
  return new RobotList(loadNamedList(path, format, onDoubt));
}

/** The list in force; empty when robots are not verified. A file that can't be used is reported, and the shipped list taken. */
export function findRobots({ verify, list }: DetectionOptions['robots'], reports: ListReports = {}): RobotList {
  return verify ? loadOwnOr(list, SHIPPED_ROBOTS, loadRobots, reports) : new RobotList([]);
}

/** The day on which the newest networks of the shipped list were published, such as `2026-08-22`. */
export function shippedRobotsDate(): string {
  return /Newest networks: (\d{4}-\d\d-\d\d)/.exec(readFileSync(SHIPPED_ROBOTS, 'utf8'))?.[1] ?? '';
}
