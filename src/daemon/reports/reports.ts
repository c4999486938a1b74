/** What people are told: notifications, with what is known beside them, through every channel. */
import type { AnnotateRequest, Outcome } from '../../control/protocol.ts';
import { WhoFinder } from '../../host/who.ts';
import type { Notification } from '../../model/notification.ts';
import { type Announcer, troubleKeyOf } from '../../notify/announcer.ts';
import type { InstanceParts } from '../instance-parts.ts';
import { NOT_RECORDED } from '../orders/operator.ts';
import { ANNOTATION_KEY, Annotations } from './annotations.ts';
import { buildAnnouncer } from './announce.ts';
import { enrich } from './enrich.ts';

export class Reports {
  readonly announcer: Announcer;
  private readonly parts: InstanceParts;
  private readonly annotations: Annotations;
  /** Who is behind a client. */
  readonly who: WhoFinder;

  constructor(parts: InstanceParts) {
    this.parts = parts;
    const { config, records, robots, now, log, troubles } = parts;
    this.announcer = buildAnnouncer(config, records.outbox, now, log, troubles);
    this.announcer.dropOthers();
    this.annotations = new Annotations({
      saved: records.trail.loadState(ANNOTATION_KEY),
      now,
      record: (draft, state) => parts.bans.record([draft], state),
    });
    this.who = new WhoFinder({ table: config.who.table, robots });
    for (const { name, problem } of this.announcer.broken)
      troubles.begin(troubleKeyOf(name), `channel ${name}: ${problem}`);
  }

  /** People are told of what is on disk, or what the disk has refused. */
  notify(notifications: readonly Notification[]): void {
    if (notifications.length === 0) return;
    const { announcer, annotations, who, parts } = this;
    const told = enrich(notifications, {
      findNote: (timeMs) => annotations.describe(timeMs),
      describeWho: (clients) => who.describeKnown(clients),
      siteRate: () => parts.plane.engine?.siteRate,
      now: parts.now,
    });
    void parts.records.settled().then(() => announcer.notify(told));
  }

  async annotate({ text, operator }: AnnotateRequest): Promise<Outcome> {
    const entry = this.annotations.add(text, operator);
    if (!entry || entry.id === 0) return { ok: false, message: NOT_RECORDED };
    const isDurable = await this.parts.records.trail.isDurable();
    return { ok: true, message: `noted: ${text} (entry #${entry.id})`, ...(!isDurable && { durable: false }) };
  }
}
