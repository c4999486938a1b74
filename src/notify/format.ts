/** One notification as a message. Pure. */
import type { Notification, NotificationOf } from '../model/notification.ts';
import { type Content, complete, type Message, type Sender } from './message.ts';
import { banContent, manyContent, orderContent } from './messages/ban.ts';
import { laneContent, laneOrderContent } from './messages/lane.ts';
import { releaseContent } from './messages/release.ts';
import { siteEndContent, siteStartContent } from './messages/site.ts';
import { fuseContent, panicContent, testContent, troubleContent } from './messages/system.ts';
import { severityOf } from './severity.ts';

/** Throws only for a notification of another version's shape. */
export function formatMessage(notification: Notification, sender: Sender): Message {
  const rest = {
    kind: notification.kind,
    severity: severityOf(notification),
    time: timeOf(notification),
    events: eventsOf(notification),
  };
  const contentOf = CONTENTS[notification.kind] as (notification: Notification) => Content;
  return complete(contentOf(notification), rest, sender);
}

export function timeOf(notification: Notification): string {
  return 'event' in notification ? notification.event.time : notification.time;
}

export function eventsOf(notification: Notification): readonly object[] {
  return 'event' in notification ? [notification.event] : [];
}

const CONTENTS: { readonly [Kind in Notification['kind']]: (notification: NotificationOf<Kind>) => Content } = {
  ban: banContent,
  order: orderContent,
  unban: releaseContent,
  many: manyContent,
  panic: panicContent,
  global_anomaly: ({ event, after }) =>
    event.phase === 'start' ? siteStartContent(event, after) : siteEndContent(event),
  lane: laneContent,
  lane_order: laneOrderContent,
  fuse: fuseContent,
  trouble: troubleContent,
  test: testContent,
};
