/** What the engine notices about the log as a whole, once a second: clocks that differ, a proxy in the place of clients, bans that don't hold. */

import { formatSeconds } from '../../english/duration.ts';
import { describeProtection } from '../../english/refusal.ts';
import { findConnections } from '../../host/connections.ts';
import { formatPrefix } from '../../net/prefix.ts';
import type { EngineStatus } from '../../workers/traffic-worker.ts';
import type { InstanceParts } from '../instance-parts.ts';
import { Efficacy } from './efficacy.ts';

const PROXY = 'proxy';
const CLOCK = 'clock';
const LOG_BEHIND = 'log behind';

type Noticed = Pick<EngineStatus, 'proxy' | 'unstopped' | 'wallAhead' | 'behindSeconds'>;

export class LogWatch {
  private readonly parts: InstanceParts;
  private readonly efficacy: Efficacy;
  /** Address of the proxy that was told of. */
  private proxy: string | undefined;
  private checking: Promise<void> = Promise.resolve();

  constructor(parts: InstanceParts) {
    const { config, records, troubles, now } = parts;
    this.parts = parts;
    this.efficacy = new Efficacy({
      backend: config.firewall.backend,
      openPorts: config.firewall.protect_ports,
      scheme: config.detection,
      findActiveBan: (client) => records.trail.findActiveBan(client, now()),
      connections: () => findConnections(),
      troubles,
    });
  }

  /** Never waits: what is found is dealt with in the background, in order. */
  look({ proxy, unstopped, ...clocks }: Noticed): void {
    this.compareClocks(clocks);
    this.checking = this.checking.then(async () => {
      await this.lookForProxy(proxy);
      // Where nothing is enforced, no ban can fail to hold.
      if (this.parts.config.mode === 'enforce') await this.efficacy.check(unstopped);
    });
  }

  /** Resolves when what was found so far has been dealt with. */
  settled(): Promise<void> {
    return this.checking;
  }

  private compareClocks({ wallAhead, behindSeconds }: Pick<Noticed, 'wallAhead' | 'behindSeconds'>): void {
    const { troubles, config } = this.parts;
    const by = `${formatSeconds(Math.abs(wallAhead))} ${wallAhead > 0 ? 'behind' : 'ahead of'}`;
    // Lines may be that late.
    const isOff = Math.abs(wallAhead) * 1000 > config.detection.out_of_order;
    troubles.set(
      CLOCK,
      isOff ? `the times in the log are ${by} this host's clock; bans last their full time all the same` : undefined,
      'set the clocks (timedatectl), log $msec or $time_iso8601, and leave out buffer= and flush=',
    );
    const behind = `a log is ${formatSeconds(behindSeconds)} behind the others`;
    troubles.set(
      LOG_BEHIND,
      behindSeconds > 0 ? `${behind}: its lines are left out (late_lines in zban status)` : undefined,
      'set the clock of the host that writes it, and leave out buffer= and flush= there',
    );
  }

  private async lookForProxy(proxy: EngineStatus['proxy']): Promise<void> {
    const { troubles } = this.parts;
    const address = proxy && formatPrefix(proxy.prefix);
    if (address === this.proxy) return;
    troubles.end(PROXY);
    this.proxy = address;
    if (proxy && address !== undefined) {
      const real = `in nginx: set_real_ip_from ${address}; real_ip_header X-Forwarded-For; (or the header that it sends)`;
      const seen = `the log shows ${address} where clients should be: ${describeProtection(proxy.because)}`;
      if (proxy.isPublic)
        troubles.begin(
          PROXY,
          `${seen}; a ban of it would shut out everybody behind it`,
          `if it is a proxy of yours, ${real}; until then zban allow ${address}`,
        );
      else troubles.begin(PROXY, `${seen}; it will not be banned, and neither can clients behind it`, real);
    }
    await this.parts.protection.setProxy(proxy?.isPublic ? undefined : proxy);
  }
}
