/** Who is never banned right now: the allowlist, what operators allowed, and this host's own addresses and guests. */

import { setImmediate } from 'node:timers/promises';
import { type NeverBanned, NeverBannedTable } from '../../decide/never-banned.ts';
import { describeProtection } from '../../english/refusal.ts';
import { codeOf } from '../../model/coded-error.ts';
import type { ClientScheme } from '../../net/client-key.ts';
import { type Prefix, parsePrefix, type Reasoned } from '../../net/prefix.ts';

/** SSH sessions and addresses come and go: how long one may go unnoticed. A fifth of what an idle daemon does is this look. */
const REFRESH_MS = 30_000;

/** Bans looked at between two looks at the rest of the world. */
const TURN_BANS = 20_000;

export interface ProtectionOptions {
  readonly scheme: ClientScheme;
  /** Allowlist of the configuration and of operators, names resolved. */
  readonly allowlist: () => Promise<readonly Reasoned[]>;
  /** Own addresses, gateway, loopback, peers of live SSH sessions. */
  readonly host: () => Promise<readonly Reasoned[]>;
  /** Networks of CDNs; they don't change. */
  readonly cdn: readonly Reasoned[];
  /** The look-up failed, so that those who were protected before stay so, or works again (undefined). */
  readonly onTrouble: (message: string | undefined) => void;
  /** Called with the whole list whenever it changed. */
  readonly onChange: (networks: readonly NeverBanned[]) => Promise<void>;
}

export class Protection {
  private readonly options: ProtectionOptions;
  private readonly table: NeverBannedTable;
  /** What was found last; undefined before the first look. */
  private known: string | undefined;
  private timer: NodeJS.Timeout | undefined;
  private refreshing: Promise<void> = Promise.resolve();

  constructor(options: ProtectionOptions) {
    this.options = options;
    this.table = new NeverBannedTable(options.scheme);
  }

  /** Looks up who is protected for the first time, then again and again. Rejects with a system error where the first look fails. */
  async start(): Promise<void> {
    await this.refresh();
    this.timer = setInterval(() => void this.refresh(), REFRESH_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.refreshing;
  }

  /** Looks everything up again, after a look that is under way; tells of a change before it resolves. */
  refresh(): Promise<void> {
    const looking = this.refreshing.then(() => this.look());
    // One that fails must not fail those after it.
    this.refreshing = looking.catch(() => {});
    return looking;
  }

  /** Takes a client for a proxy from now on, or none; resolves when bans that this forbids are lifted. */
  setProxy(proxy: NeverBanned | undefined): Promise<void> {
    this.table.proxy = proxy;
    return this.refresh();
  }

  /** Why a network must not be banned, undefined when it may. */
  find(prefix: Prefix): NeverBanned | undefined {
    return this.table.find(prefix);
  }

  private async findLists(): Promise<readonly [readonly Reasoned[], readonly Reasoned[]] | undefined> {
    try {
      const found = await Promise.all([this.options.allowlist(), this.options.host()]);
      this.options.onTrouble(undefined);
      return found;
    } catch (error) {
      if (this.known === undefined || !(error instanceof Error) || codeOf(error) === undefined) throw error;
      this.options.onTrouble(error.message);
      return undefined;
    }
  }

  private async look(): Promise<void> {
    const found = await this.findLists();
    if (!found) return;
    const [allowlist, host] = found;
    const as = (kind: NeverBanned['kind'], found: readonly Reasoned[]) =>
      found.map(({ prefix, reason: because }): NeverBanned => ({ prefix, kind, because }));
    const networks = [...as('allowlist', allowlist), ...as('protected', host), ...as('protected', this.options.cdn)];
    const { proxy } = this.table;
    const lines = [...(proxy ? [proxy] : []), ...networks].map(
      ({ prefix, because }) => `${prefix.family} ${prefix.value}/${prefix.bits} ${describeProtection(because)}`,
    );
    const text = lines.sort().join('\n');
    const before = this.known ?? '';
    this.known = text;
    if (text === before) return;
    this.table.set(networks);
    await this.options.onChange(networks);
  }
}

/** Of these clients those who are never banned, by why. One by one: there may be a million, and few of them are covered. */
export async function findCovered(
  clients: Iterable<string>,
  protection: Pick<Protection, 'find'>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const covered = new Map<string, string[]>();
  let seen = 0;
  for (const client of clients) {
    if (++seen % TURN_BANS === 0) await setImmediate();
    const prefix = parsePrefix(client);
    const never = prefix && protection.find(prefix);
    if (!never) continue;
    const why = describeProtection(never.because);
    const some = covered.get(why);
    if (some) some.push(client);
    else covered.set(why, [client]);
  }
  return covered;
}
