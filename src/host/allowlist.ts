/**
 * The allowlist as networks: addresses and prefixes as they are, names by what DNS says. A name that cannot be resolved
 * keeps its last answer, because a DNS failure must not get anybody banned.
 */

import { codeOf } from '../model/coded-error.ts';
import { type Prefix, parsePrefix, type Reasoned } from '../net/prefix.ts';
import { inTime } from './in-time.ts';

/** What is used of node:dns/promises' Resolver. */
export interface NameResolver {
  resolve4(name: string): Promise<string[]>;
  resolve6(name: string): Promise<string[]>;
}

export interface AllowlistOptions {
  /** Entries as they stand now: of the configuration and of operators. */
  readonly entries: () => readonly string[];
  readonly resolver: NameResolver;
  /** Age at which an answer is looked up again, milliseconds. */
  readonly resolveMs: number;
  /** Longest wait for one name, milliseconds. */
  readonly timeoutMs: number;
  /** Milliseconds on any steady clock. */
  readonly now: () => number;
  /** A name cannot be resolved (once, with why), or can again (undefined). */
  readonly onTrouble: (name: string, message: string | undefined) => void;
}

interface Answer {
  readonly prefixes: readonly Prefix[];
  readonly staleMs: number;
  readonly trouble: string | undefined;
}

const RETRY_MS = 30_000;

export class Allowlist {
  private readonly options: AllowlistOptions;
  private readonly answers = new Map<string, Answer>();
  private readonly running = new Map<string, Promise<void>>();

  constructor(options: AllowlistOptions) {
    this.options = options;
  }

  /**
   * The networks as known now. Waits for names never seen before, at most the time limit; answers that grew old are
   * renewed behind the scenes and show in a later call. Never rejects.
   */
  async current(): Promise<readonly Reasoned[]> {
    const entries = [...new Set(this.options.entries())];
    const names = entries.filter((entry) => !parsePrefix(entry));
    for (const name of this.answers.keys()) if (!names.includes(name)) this.forget(name);
    const lookups = names.filter((name) => this.isStale(name)).map((name) => [name, this.renew(name)] as const);
    await Promise.all(lookups.filter(([name]) => !this.answers.has(name)).map(([, lookup]) => lookup));
    return entries.flatMap((entry) => {
      const prefix = parsePrefix(entry);
      if (prefix) return [{ prefix, reason: `allowlist: ${entry}` }];
      const prefixes = this.answers.get(entry)?.prefixes ?? [];
      return prefixes.map((found) => ({ prefix: found, reason: `allowlist: ${entry} (DNS)` }));
    });
  }

  private isStale(name: string): boolean {
    const answer = this.answers.get(name);
    return !answer || this.options.now() >= answer.staleMs;
  }

  private forget(name: string): void {
    if (this.answers.get(name)?.trouble) this.options.onTrouble(name, undefined);
    this.answers.delete(name);
  }

  private renew(name: string): Promise<void> {
    const under = this.running.get(name);
    if (under) return under;
    const lookup = this.lookUp(name).finally(() => this.running.delete(name));
    this.running.set(name, lookup);
    return lookup;
  }

  private async lookUp(name: string): Promise<void> {
    const { resolver, resolveMs, timeoutMs, now, onTrouble } = this.options;
    const found = await resolveName(name, resolver, timeoutMs);
    const before = this.answers.get(name);
    const trouble = typeof found === 'string' ? found : undefined;
    const prefixes = typeof found === 'string' ? (before?.prefixes ?? []) : found;
    const staleMs = now() + (trouble === undefined ? resolveMs : Math.min(resolveMs, RETRY_MS));
    this.answers.set(name, { prefixes, staleMs, trouble });
    if ((trouble === undefined) !== (before?.trouble === undefined)) onTrouble(name, trouble);
  }
}

/**
 * All A and AAAA addresses of a name, or why they are not known. An answer of one family alone is complete only when DNS
 * says that there is nothing in the other (RFC 2308).
 */
export async function resolveName(
  name: string,
  resolver: NameResolver,
  timeoutMs: number,
): Promise<readonly Prefix[] | string> {
  const failures: string[] = [];
  const ask = (question: Promise<string[]>) =>
    question.catch((error: unknown) => {
      const code = codeOf(error) ?? String(error);
      if (code !== 'ENODATA') failures.push(code);
      return [];
    });
  const asked = Promise.all([ask(resolver.resolve4(name)), ask(resolver.resolve6(name))]);
  const answers = await inTime(asked, timeoutMs, undefined);
  if (!answers) return `no answer from DNS within ${timeoutMs / 1000} s`;
  if (failures.length > 0) return `DNS failed: ${[...new Set(failures)].join(', ')}`;
  const prefixes = answers.flat().flatMap((address) => parsePrefix(address) ?? []);
  return prefixes.length > 0 ? prefixes : 'DNS knows no address for it';
}
