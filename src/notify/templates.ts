/** The template of every name that `notify.webhook[].template` can have. */
import type { WebhookTemplate } from '../model/notification.ts';
import type { Template } from './template.ts';
import { alertmanager } from './templates/alertmanager.ts';
import { discord } from './templates/discord.ts';
import { json } from './templates/json.ts';
import { mattermost } from './templates/mattermost.ts';
import { ntfy } from './templates/ntfy.ts';
import { pagerduty } from './templates/pagerduty.ts';
import { telegram } from './templates/telegram.ts';

export const TEMPLATES: Readonly<Record<WebhookTemplate, Template>> = {
  json,
  mattermost,
  discord,
  telegram,
  ntfy,
  pagerduty,
  alertmanager,
};
