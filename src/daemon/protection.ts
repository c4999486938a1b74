/** Who is never banned right now: the allowlist, what operators allowed, and this host's own addresses and guests. */
import type { NeverBanned } from '../core/decide/policy.ts';
import { type Prefix, prefixesOverlap } from '../core/net/prefix.ts';

/** A network with the reason it is protected, in words. */
export interface Reasoned {
  readonly prefix: Prefix;
  readonly reason: string;
}

export interface ProtectionOptions {
  /** Allowlist of the configuration and of operators, names resolved. */
  readonly allowlist: () => Promise<readonly Reasoned[]>;
  /** Own addresses, gateway, loopback, peers of live SSH sessions. */
  readonly host: () => Promise<readonly Reasoned[]>;
  /** Called with the whole list whenever it changed. */
  readonly onChange: (networks: readonly NeverBanned[]) => Promise<void>;
}

export class Protection {
  private readonly options: ProtectionOptions;
  private networks: readonly NeverBanned[] = [];
  private known = '';

  constructor(options: ProtectionOptions) {
    this.options = options;
  }

  /** Looks everything up again; tells of a change before it resolves. */
  async refresh(): Promise<void> {
    const [allowlist, host] = await Promise.all([this.options.allowlist(), this.options.host()]);
    const networks: NeverBanned[] = [
      ...allowlist.map(({ prefix, reason }) => ({ prefix, kind: 'allowlist' as const, detail: reason })),
      ...host.map(({ prefix, reason }) => ({ prefix, kind: 'protected' as const, detail: reason })),
    ];
    const text = networks
      .map(({ prefix, detail }) => `${prefix.family} ${prefix.value}/${prefix.bits} ${detail}`)
      .sort()
      .join('\n');
    if (text === this.known) return;
    this.known = text;
    this.networks = networks;
    await this.options.onChange(networks);
  }

  /** Why a network must not be banned, undefined when it may. */
  find(prefix: Prefix): NeverBanned | undefined {
    return this.networks.find((entry) => prefixesOverlap(entry.prefix, prefix));
  }
}
