/** E-mail by the host's own sendmail program. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { NotifySettings } from '../settings/notify-settings.ts';
import type { Channel, Delivery, OpenChannels } from './channel.ts';
import { encodeHeader } from './encode-header.ts';
import type { Message } from './message.ts';
import { spellBody } from './text.ts';

type EmailSettings = NotifySettings['email'];

const SERVICE = 'sendmail';

export const openEmail: OpenChannels<EmailSettings> = (settings, _environment, timeoutMs): readonly Channel[] => {
  if (settings.to.length === 0) return [];
  const deliver: Channel['deliver'] = (message, signal) =>
    send(settings.sendmail, toEmail(message, settings), timeoutMs, signal);
  return [{ name: 'email', service: SERVICE, deliver, settings, warnings: [] }];
};

/** The message as RFC 5322 has it, lines ended by line feeds as sendmail reads them. */
export function toEmail(message: Message, { to, from }: Pick<EmailSettings, 'to' | 'from'>): string {
  const { headline, severity, time, incident, host } = message;
  const date = new Date(time);
  const mark = incident && createHash('sha256').update(`${host}/${incident.key}`).digest('hex').slice(0, 24);
  const headers = [
    ...(from === undefined ? [] : [`From: zban <${from}>`]),
    `To: ${to.join(', ')}`,
    `Subject: ${foldWords(encodeHeader(headline))}`,
    ...(Number.isNaN(date.getTime()) ? [] : [`Date: ${date.toUTCString().replace('GMT', '+0000')}`]),
    // Both ends of an incident are one thread.
    ...(mark === undefined ? [] : [`References: <${mark}@zban.invalid>`]),
    `X-Zban-Severity: ${severity}`,
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: 8bit',
  ];
  return `${headers.join('\n')}\n\n${foldLines(`${headline}\n\n${spellBody(message)}`)}\n`;
}

/** No line is longer than 998 bytes (RFC 5322, 2.1.1): of 240 characters, which are four bytes each at most. */
const foldLines = (text: string): string => text.replace(/(?=.{241})(?:(.{1,240}) |(.{240}))/gu, '$1$2\n');

/** Encoded words stand on lines of their own: no line of a header may be longer than 998 (RFC 5322, 2.1.1). */
const foldWords = (text: string): string => text.replaceAll('?= =?', '?=\n =?');

/** sysexits.h: what does not pass by itself. */
const FINAL_CODES: ReadonlyMap<number, string> = new Map([
  [64, 'it was called the wrong way: check notify.email.sendmail'],
  [65, 'it did not understand the message: report this with the version of zban'],
  [67, 'it does not know a recipient: check notify.email.to'],
  [68, 'it does not know the host of a recipient: check notify.email.to'],
]);

/** Never rejects. What the program says is not passed on: it may be anything. */
function send(
  [program, ...args]: EmailSettings['sendmail'],
  email: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Delivery> {
  const { promise, resolve } = Promise.withResolvers<Delivery>();
  const retry = (cause: string) => resolve({ outcome: 'retry', cause });
  const child = spawn(program, args, {
    ...{ stdio: ['pipe', 'ignore', 'ignore'], killSignal: 'SIGKILL' },
    ...(signal && { signal }),
  });
  // The time limit of `spawn` itself runs on where the program could not be started.
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  void promise.finally(() => clearTimeout(timer));
  child.on('error', (error: NodeJS.ErrnoException) =>
    retry(error.name === 'AbortError' ? 'given up' : `${program} cannot be run (${error.code ?? 'unknown error'})`),
  );
  child.on('close', (code, killed) => {
    if (code === 0) return resolve({ outcome: 'ok' });
    if (killed !== null) return retry(`${program} did not end within ${timeoutMs} ms`);
    const cause = `${program} ended with ${code}`;
    const fix = FINAL_CODES.get(code ?? 0);
    if (fix === undefined) return retry(cause);
    return resolve({ outcome: 'final', cause, fix });
  });
  // It may end before it has read everything: its exit code says why.
  child.stdin?.on('error', () => {});
  child.stdin?.end(email);
  return promise;
}
