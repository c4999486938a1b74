/** Builds the channels that are configured. */
import { hostname } from 'node:os';
import type { Config } from '../../config/schema.ts';
import type { Log } from '../../model/log.ts';
import type { Outbox } from '../../model/notification.ts';
import { type Announcer, createAnnouncer, troubleKeyOf } from '../../notify/announcer.ts';
import { openChannels } from '../../notify/channels.ts';
import type { Troubles } from '../troubles.ts';

export function hostName(config: Config): string {
  return config.name ?? hostname();
}

/** A channel that cannot be used is a trouble, not a reason not to protect; the caller reports it. */
export function buildAnnouncer(
  config: Config,
  outbox: Outbox,
  now: () => number,
  log: Log,
  troubles: Troubles,
): Announcer {
  const opened = openChannels(config.notify, process.env);
  for (const channel of opened) {
    if ('problem' in channel) continue;
    for (const warning of channel.warnings) log('warn', warning);
  }
  return createAnnouncer({
    opened,
    outbox,
    now,
    sender: { host: hostName(config), link: config.notify.dashboard_url },
    log,
    onTrouble: (name, trouble) => troubles.looked(troubleKeyOf(name), trouble?.what, trouble?.fix),
  });
}
