/** The keys of `notify`. */
import * as z from 'zod';
import { SEVERITIES, WEBHOOK_TEMPLATES } from '../model/notification.ts';
import { program, section } from './fields.ts';

/** What every channel can be told. */
const delivery = z.strictObject({
  min_severity: z.enum(SEVERITIES).optional(),
  quiet_hours: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, 'expected local times, such as 22:00-07:00')
    .optional(),
});

const isAddress = (text: string) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
const address = z.string().refine(isAddress, 'expected an https:// address').optional();
const file = z.string().min(1).optional();

const slack = section({ webhook_url: address, webhook_url_file: file, ...delivery.shape });

const webhook = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'expected a lower-case letter or digit, then up to 31 of those, - or _')
    .optional(),
  template: z.enum(WEBHOOK_TEMPLATES).default('json'),
  url: address,
  url_file: file,
  token: z.string().min(1).optional(),
  token_file: file,
  chat: z.union([z.string().min(1), z.number().int().transform(String)]).optional(),
  ...delivery.shape,
});

const mailbox = z.string().regex(/^[^\s<>,;:"()@]+@[^\s<>,;:"()@]+$/, 'expected an address such as ops@example.com');

const email = section({
  to: z.array(mailbox).max(50).default([]),
  from: mailbox.optional(),
  sendmail: program.prefault(['/usr/sbin/sendmail', '-t', '-oi']),
  ...delivery.shape,
});

export const notify = section({ dashboard_url: address, slack, webhook: z.array(webhook).max(20).default([]), email });

export type DeliverySettings = z.output<typeof delivery>;
export type NotifySettings = z.output<typeof notify>;
export type WebhookSettings = z.output<typeof webhook>;
