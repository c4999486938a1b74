/** Verifies robots for the engine: published networks at once, host names behind the scenes. */
import { Resolver } from 'node:dns/promises';
import type { Config } from '../../config/schema.ts';
import { REFUTED, type RobotClaim, type RobotVerdict, UNKNOWN, VERIFIED } from '../../detect/robot-verdicts.ts';
import { type DnsVerdict, RobotDns, type RobotResolver } from '../../host/robot-dns.ts';
import { findRobots, type RobotList } from '../../host/robots.ts';
import type { Log } from '../../model/log.ts';
import { formatClient, IPV4_HIGH, isIpv4Client } from '../../net/client-key.ts';
import type { Pipeline } from '../../workers/pipeline.ts';
import type { Troubles } from '../troubles.ts';

/** Key of the trouble that the operator's list cannot be used. */
export const ROBOTS_KEY = 'detection.robots.list';
/** Longest wait for all names and addresses of one client. */
const DNS_TIMEOUT_MS = 3000;
const VERDICTS: Readonly<Record<DnsVerdict, RobotVerdict['verdict']>> = {
  ...{ verified: VERIFIED, refuted: REFUTED, unknown: UNKNOWN },
};

/** The list in force; what is wrong with the operator's own is a trouble. */
export function openRobotList(
  { detection }: Pick<Config, 'detection'>,
  troubles: Pick<Troubles, 'begin'>,
  log: Log,
): RobotList {
  return findRobots(detection.robots, {
    onTrouble: (message) => troubles.begin(ROBOTS_KEY, `${message}; the list that comes with zban is in force`),
    onDoubt: (message) => log('warn', message),
  });
}

export interface RobotsOptions {
  readonly config: Pick<Config, 'detection'>;
  readonly robots: RobotList;
  readonly pipeline: Pick<Pipeline, 'send'>;
  /** Asks the host's name servers where not given. */
  readonly resolver?: RobotResolver & { cancel(): void };
}

export class Robots {
  private readonly options: RobotsOptions;
  private readonly resolver: RobotResolver & { cancel(): void };
  private readonly dns: RobotDns;
  private stopped = false;

  constructor(options: RobotsOptions) {
    const { resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 1 }) } = options;
    this.options = options;
    this.resolver = resolver;
    this.dns = new RobotDns({ resolver, now: () => performance.now(), timeoutMs: DNS_TIMEOUT_MS });
  }

  /** Gives the engine the published networks; it hands out claims from then on when `ask`. */
  async introduce(ask: boolean): Promise<void> {
    const { robots, pipeline } = this.options;
    const { networks, size } = robots;
    await pipeline.send({ kind: 'robot_networks', networks, ask: ask && size > 0 });
  }

  /** Asks DNS about clients that claim to be robots; resolves when the engine was told. Never rejects while the threads run. */
  async check(claims: readonly RobotClaim[]): Promise<void> {
    await Promise.all(claims.map((claim) => this.checkOne(claim)));
  }

  /** Ends questions that are under way. */
  stop(): void {
    this.stopped = true;
    this.resolver.cancel();
  }

  private async checkOne({ high, low, address: text, userAgent }: RobotClaim): Promise<void> {
    const { robots, config, pipeline } = this.options;
    const name = robots.findClaimed(userAgent);
    const domains = name === undefined ? [] : robots.domainsOf(name);
    const address = isIpv4Client(high) ? formatClient(IPV4_HIGH, low, config.detection) : text;
    // A list of networks grows old: who is not in it may be right all the same.
    if (domains.length === 0 || this.stopped) return;
    const verdict = VERDICTS[await this.dns.verify(address, domains)];
    if (verdict === UNKNOWN || this.stopped) return;
    await pipeline.send({ kind: 'robots', verdicts: [{ high, low, verdict }] });
  }
}
