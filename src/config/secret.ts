/** Where secrets come from. They are read late and kept out of the configuration's version and every message. */
import { readFileSync } from 'node:fs';
import type { Config } from './schema.ts';

/** Takes precedence over the file, so that a container or a test can set it. */
export const WEBHOOK_VARIABLE = 'ZBAN_SLACK_WEBHOOK_URL';

/** The address, undefined where none is configured, or why it could not be had. */
export type LoadedSecret =
  | { readonly ok: true; readonly value: string | undefined }
  | { readonly ok: false; readonly message: string };

/** Finds the Slack webhook's address: the environment, then `webhook_url_file`, then `webhook_url`. Never throws. */
export function loadWebhookUrl(config: Config, env: Readonly<Record<string, string | undefined>>): LoadedSecret {
  const { webhook_url: inline, webhook_url_file: file } = config.notify.slack;
  const given = env[WEBHOOK_VARIABLE];
  if (given !== undefined && given !== '') return checkUrl(given, WEBHOOK_VARIABLE);
  if (file === undefined) return { ok: true, value: inline };
  try {
    return checkUrl(readFileSync(file, 'utf8').trim(), file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return { ok: false, message: `notify.slack.webhook_url_file: cannot read ${file}: ${code}` };
  }
}

function checkUrl(text: string, origin: string): LoadedSecret {
  const usable = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
  if (usable) return { ok: true, value: text };
  return { ok: false, message: `${origin} does not hold an https:// address` };
}
