/** What commands need that act with the daemon stopped: the same records, the same messages. */
import type { Config } from '../../config/schema.ts';
import type { Log } from '../../model/log.ts';
import type { Announcer } from '../../notify/announcer.ts';
import { Bans, type BansOptions } from '../bans/bans.ts';
import { Records } from '../records/records.ts';
import { buildAnnouncer } from '../reports/announce.ts';
import { Incidents } from '../reports/incidents.ts';
import { Troubles } from '../troubles.ts';

/** Every channel gets this long; the message waits on disk for the daemon otherwise. */
const DRAIN_MS = 3000;

export interface Offline {
  readonly records: Records;
  readonly announcer: Announcer;
  readonly bans: Bans;
  close(): Promise<void>;
}

/** Rejects with RecordError when the database cannot be opened. */
export async function openOffline(
  config: Config,
  configVersion: string,
  log: Log,
  { enforce, reconcile }: Pick<BansOptions, 'enforce' | 'reconcile'>,
): Promise<Offline> {
  const now = Date.now;
  const records = await Records.open({ config, configVersion, now, log });
  const troubles = new Troubles({ log });
  const announcer = buildAnnouncer(config, records.outbox, now, log, troubles);
  const bans = new Bans({
    trail: records.trail,
    enforce,
    now,
    reconcile: async () => {
      await records.settled();
      await reconcile('all');
    },
    notify: (notifications) => void records.settled().then(() => announcer.notify(notifications)),
    tell: (entries, events) => records.lines.tell(entries, events),
    incidents: new Incidents(undefined),
  });
  return {
    records,
    announcer,
    bans,
    close: async () => {
      await records.settled();
      await announcer.stop({ drainMs: DRAIN_MS });
      await records.close();
    },
  };
}
