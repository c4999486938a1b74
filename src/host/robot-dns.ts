/**
 * Verifies robots by forward-confirmed reverse DNS, as search engines document it: the address has a host name in a domain of
 * the operator's, and that name has the address. Asks few questions at a time, remembers answers, and never throws.
 */

import { codeOf } from '../model/coded-error.ts';
import { setNewest } from '../net/newest-entries.ts';
import { type Prefix, parsePrefix } from '../net/prefix.ts';
import { inTime } from './in-time.ts';

/**
 * What is used of node:dns/promises' Resolver. Each rejects with a `code`: ENOTFOUND and ENODATA are answers. Its `reverse`
 * is of no use: it says ENOTFOUND for every failure, also when no server answered.
 */
export interface RobotResolver {
  resolvePtr(name: string): Promise<string[]>;
  resolve4(name: string): Promise<string[]>;
  resolve6(name: string): Promise<string[]>;
}

/** `unknown`: DNS did not answer. */
export type DnsVerdict = 'verified' | 'refuted' | 'unknown';

export interface RobotDnsOptions {
  readonly resolver: RobotResolver;
  /** Milliseconds on any steady clock. */
  readonly now: () => number;
  /** Longest wait for all questions about one address, milliseconds. */
  readonly timeoutMs: number;
}

/** Addresses asked about at a time, and those that may wait for their turn: others count as unknown. */
const [RUNNING_MAX, WAITING_MAX] = [4, 256];
/** How long an answer counts, milliseconds. */
const KEPT_MS: Readonly<Record<DnsVerdict, number>> = { verified: 86_400_000, refuted: 3_600_000, unknown: 300_000 };
const ANSWERS_MAX = 10_000;
/** Names of one address that are looked at. */
const NAMES_MAX = 4;
/** DNS says that there is no such name, or no such record of it (RFC 2308). */
const NOTHING: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA']);

export class RobotDns {
  private readonly options: RobotDnsOptions;
  private readonly answers = new Map<string, { readonly verdict: DnsVerdict; readonly staleMs: number }>();
  private readonly underWay = new Map<string, Promise<DnsVerdict>>();
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(options: RobotDnsOptions) {
    this.options = options;
  }

  /** Whether the address belongs to one of the domains, each with its leading dot. */
  verify(address: string, domains: readonly string[]): Promise<DnsVerdict> {
    const key = `${address} ${domains.join(' ')}`;
    const known = this.answers.get(key);
    if (known && this.options.now() < known.staleMs) return Promise.resolve(known.verdict);
    const before = this.underWay.get(key);
    if (before) return before;
    if (this.waiting.length >= WAITING_MAX) return Promise.resolve('unknown');
    const asking = this.inTurn(() => this.ask(address, domains))
      .then((verdict) => {
        this.remember(key, verdict);
        return verdict;
      })
      .finally(() => this.underWay.delete(key));
    this.underWay.set(key, asking);
    return asking;
  }

  private async inTurn(ask: () => Promise<DnsVerdict>): Promise<DnsVerdict> {
    if (this.running >= RUNNING_MAX) await new Promise<void>((start) => this.waiting.push(start));
    else this.running++;
    try {
      return await ask();
    } finally {
      // Anyone who waits takes over the place.
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }

  private remember(key: string, verdict: DnsVerdict): void {
    const staleMs = this.options.now() + KEPT_MS[verdict];
    setNewest(this.answers, key, { verdict, staleMs }, ANSWERS_MAX);
  }

  private ask(address: string, domains: readonly string[]): Promise<DnsVerdict> {
    const { resolver, timeoutMs } = this.options;
    return inTime(confirm(address, domains, resolver), timeoutMs, 'unknown');
  }
}

async function confirm(address: string, domains: readonly string[], resolver: RobotResolver): Promise<DnsVerdict> {
  const wanted = parsePrefix(address);
  if (!wanted) return 'unknown';
  const names = await findNames(wanted, resolver);
  if (!names) return 'unknown';
  const own = names.filter((name) => domains.some((domain) => name.endsWith(domain))).slice(0, NAMES_MAX);
  let verdict: DnsVerdict = 'refuted';
  for (const name of own) {
    const confirmed = await hasAddress(name, wanted, resolver);
    if (confirmed === undefined) verdict = 'unknown';
    else if (confirmed) return 'verified';
  }
  return verdict;
}

/** The names of an address as DNS has them, in lower case; undefined when it did not say. */
export async function findNames(address: Prefix, resolver: RobotResolver): Promise<readonly string[] | undefined> {
  const names = await answerOf(() => resolver.resolvePtr(reverseName(address)));
  return names?.map((name) => name.toLowerCase().replace(/\.$/, ''));
}

/** Whether a name has the address in turn; undefined when DNS did not say. */
export async function hasAddress(name: string, address: Prefix, resolver: RobotResolver): Promise<boolean | undefined> {
  const { family, value } = address;
  const addresses = await answerOf(() => (family === 6 ? resolver.resolve6(name) : resolver.resolve4(name)));
  return addresses?.map(parsePrefix).some((one) => one?.family === family && one.value === value);
}

/** Name under which the names of an address stand (RFC 1035 section 3.5, RFC 3596 section 2.5). */
export function reverseName({ family, value }: Prefix): string {
  const [bits, count, zone] = family === 4 ? [8n, 4, 'in-addr.arpa'] : [4n, 32, 'ip6.arpa'];
  const labels = Array.from({ length: count }, (_, n) => (value >> (bits * BigInt(n))) & ((1n << bits) - 1n));
  return `${labels.map((label) => label.toString(family === 4 ? 10 : 16)).join('.')}.${zone}`;
}

/** None for what DNS says is not there; undefined when it did not say. */
async function answerOf(ask: () => Promise<string[]>): Promise<readonly string[] | undefined> {
  try {
    return await ask();
  } catch (error) {
    const isAnswer = NOTHING.has(codeOf(error) ?? '');
    return isAnswer ? [] : undefined;
  }
}
