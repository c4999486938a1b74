/** One notification as a message. Pure. */
import type { Notification } from '../model/notification.ts';
import { type Content, complete, type Message, type Sender } from './message.ts';
import { banContent, manyContent, orderContent } from './messages/ban.ts';
import { laneContent } from './messages/lane.ts';
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
  return complete(contentOf(notification), rest, sender);
}

export function timeOf(notification: Notification): string {
  return 'event' in notification ? notification.event.time : notification.time;
}

export function eventsOf(notification: Notification): readonly object[] {
  return 'event' in notification ? [notification.event] : [];
}

function contentOf(notification: Notification): Content {
  switch (notification.kind) {
    case 'ban':
      return banContent(notification);
    case 'order':
      return orderContent(notification);
    case 'unban':
      return releaseContent(notification);
    case 'many':
      return manyContent(notification);
    case 'panic':
      return panicContent(notification);
    case 'global_anomaly': {
      const { event, after } = notification;
      return event.phase === 'start' ? siteStartContent(event, after) : siteEndContent(event);
    }
    case 'lane':
      return laneContent(notification);
    case 'fuse':
      return fuseContent(notification);
    case 'trouble':
      return troubleContent(notification);
    case 'test':
      return testContent(notification);
  }
}
