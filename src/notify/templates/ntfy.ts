/** https://docs.ntfy.sh/publish/ : the text is the body, everything else is headers. */
import type { Severity } from '../../model/notification.ts';
import { encodeHeader } from '../encode-header.ts';
import { fitMessage } from '../fit.ts';
import { bearer, type Template } from '../template.ts';
import { spellBody } from '../text.ts';

/** Longer ones become an attachment; bytes. */
const BYTES_MAX = 4096;
const PRIORITIES: Readonly<Record<Severity, string>> = {
  'SEV-1': 'urgent',
  'SEV-2': 'high',
  'SEV-3': 'default',
  'SEV-4': 'default',
  'SEV-5': 'low',
};

export const ntfy: Template = {
  service: 'ntfy',
  render: (message, options) => ({
    headers: {
      ...bearer(options),
      'content-type': 'text/plain; charset=utf-8',
      title: encodeHeader(message.headline),
      priority: PRIORITIES[message.severity],
      ...(message.link !== undefined && { click: message.link }),
    },
    body: fitMessage(message, BYTES_MAX, spellBody, Buffer.byteLength),
  }),
};
