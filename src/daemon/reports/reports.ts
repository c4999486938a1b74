/** What people are told: notifications, with what is known beside them, through every channel. */
import type { Config } from '../../config/schema.ts';
import type { AnnotateRequest, AnnotateResult } from '../../control/protocol.ts';
import { findRobots } from '../../host/robots.ts';
import { WhoFinder } from '../../host/who.ts';
import type { Log } from '../../model/log.ts';
import type { Notification } from '../../model/notification.ts';
import type { Announcer } from '../../notify/announcer.ts';
import type { Bans } from '../bans/bans.ts';
import { NOT_RECORDED } from '../orders/operator.ts';
import type { Records } from '../records/records.ts';
import type { Troubles } from '../troubles.ts';
import { ANNOTATION_KEY, Annotations } from './annotations.ts';
import { buildAnnouncer, reportBroken } from './announce.ts';
import { enrich } from './enrich.ts';

export interface ReportsOptions {
  readonly config: Config;
  readonly records: Records;
  readonly bans: () => Bans;
  /** Requests a second of the site; undefined while it is not known. */
  readonly siteRate: () => number | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
  readonly troubles: Troubles;
}

export class Reports {
  readonly announcer: Announcer;
  private readonly options: ReportsOptions;
  private readonly annotations: Annotations;
  private readonly who: WhoFinder;

  constructor(options: ReportsOptions) {
    this.options = options;
    const { config, records, bans, now, log, troubles } = options;
    this.announcer = buildAnnouncer(config, records.outbox, now, log, troubles);
    this.annotations = new Annotations({
      saved: records.trail.loadState(ANNOTATION_KEY),
      now,
      record: (draft, state) => bans().record([draft], state),
    });
    // What is wrong with a list of the operator's, zban doctor says.
    this.who = new WhoFinder({ table: config.who.table, robots: findRobots(config.detection.robots, () => {}) });
  }

  /** Called once everybody can be told. */
  start(): void {
    reportBroken(this.announcer, this.options.troubles);
  }

  /** People are told of what is on disk, or what the disk has refused. */
  notify(notifications: readonly Notification[]): void {
    if (notifications.length === 0) return;
    const { announcer, annotations, who, options } = this;
    const told = enrich(notifications, {
      findNote: (timeMs) => annotations.describe(timeMs),
      findWho: (prefixes) => who.findKnown(prefixes),
      siteRate: options.siteRate,
      now: options.now,
    });
    void options.records.settled().then(() => announcer.notify(told));
  }

  async annotate({ text, operator }: AnnotateRequest): Promise<AnnotateResult> {
    const entry = this.annotations.add(text, operator);
    if (!entry || entry.id === 0) return { ok: false, message: NOT_RECORDED };
    const isDurable = await this.options.records.trail.isDurable();
    return { ok: true, message: `noted: ${text} (entry #${entry.id})`, ...(!isDurable && { durable: false }) };
  }
}
