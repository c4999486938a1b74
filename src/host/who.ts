/** Who is behind an address: the table of networks, published networks of robots, and reverse DNS. */
import { Resolver } from 'node:dns/promises';
import { describeWho } from '../english/who.ts';
import type { Who } from '../model/who.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../net/prefix.ts';
import { PrefixTable } from '../net/prefix-table.ts';
import { findHostName } from './host-name.ts';
import type { RobotResolver } from './robot-dns.ts';
import type { RobotList } from './robots.ts';
import { WhoTable, WhoTableError } from './who-table.ts';

/** Longest wait for DNS about all the addresses of one question. */
const DNS_TIMEOUT_MS = 2000;
/** Names that are looked up for one answer on a screen, and remembered. */
const [LOOKUPS_MAX, REMEMBERED_MAX] = [500, 20_000];

export interface WhoOptions {
  /** `who.table`. */
  readonly table: string;
  readonly robots: RobotList;
  /** Asks the host's name servers where not given. */
  readonly resolver?: RobotResolver;
}

export class WhoFinder {
  private readonly options: WhoOptions;
  private readonly networks: PrefixTable<RobotList['networks'][number]>;
  private readonly remembered = new Map<string, string>();

  constructor(options: WhoOptions) {
    this.options = options;
    this.networks = new PrefixTable(options.robots.networks);
  }

  /** What is known without asking anybody, for each prefix in its place. A table that is not there or unusable knows nobody. */
  findKnown(prefixes: readonly Prefix[]): Who[] {
    const table = openTable(this.options.table);
    try {
      return prefixes.map((prefix) => ({
        owner: table?.find(prefix),
        robot: this.networks.containing(prefix)[0]?.name,
      }));
    } finally {
      table?.close();
    }
  }

  /** The same in words, for each address or network in its place; empty where nobody is known, or what is asked about is no network. */
  describeKnown(names: readonly string[]): string[] {
    const prefixes = names.map(parsePrefix);
    const known = this.findKnown(prefixes.filter((prefix) => prefix !== undefined)).values();
    return prefixes.map((prefix) => (prefix ? describeWho(known.next().value ?? {}) : ''));
  }

  /** The same, remembered; of one question's new names the first 500 are looked up, and the others when they are asked about again. */
  describeRemembered(names: readonly string[]): string[] {
    const { remembered } = this;
    const asked = names.filter((name) => !remembered.has(name)).slice(0, LOOKUPS_MAX);
    if (remembered.size > REMEMBERED_MAX) remembered.clear();
    for (const [index, text] of this.describeKnown(asked).entries()) remembered.set(asked[index] ?? '', text);
    return names.map((name) => remembered.get(name) ?? '');
  }

  /** The same with host names, asked all at once; resolves within two seconds. */
  async find(prefixes: readonly Prefix[]): Promise<Who[]> {
    const { robots, resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 1 }) } = this.options;
    const known = this.findKnown(prefixes);
    const names = await Promise.all(
      prefixes.map((prefix) => findHostName(formatPrefix(prefix), resolver, DNS_TIMEOUT_MS)),
    );
    return known.map((who, index) => {
      const found = names[index];
      if (!found) return who;
      const robot = who.robot ?? (found.confirmed ? robots.findByHostName(found.name) : undefined);
      return { ...who, robot, hostName: found.name, hostNameConfirmed: found.confirmed };
    });
  }
}

function openTable(path: string): WhoTable | undefined {
  try {
    return new WhoTable(path);
  } catch (error) {
    if (error instanceof WhoTableError) return undefined;
    throw error;
  }
}
