/** Where the webhook address comes from, and a wrapper that keeps it out of logs, errors and JSON. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';

/** A secret address: printing, inspecting or serialising it shows `[secret]`. */
export class WebhookUrl {
  readonly #url: string;
  constructor(url: string) {
    this.#url = url;
  }
  /** The address itself, for the request only. */
  reveal(): string {
    return this.#url;
  }
  toString(): string {
    return '[secret]';
  }
  toJSON(): string {
    return '[secret]';
  }
  [inspect.custom](): string {
    return '[secret]';
  }
}

export type LoadedWebhook =
  /** Nothing configured: zban runs without Slack. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'loaded';
      readonly url: WebhookUrl;
      readonly origin: 'file' | 'config' | 'environment';
      /** What an operator should mend although it works. */
      readonly warnings: readonly string[];
    }
  /** What is wrong and how to mend it, without the address. */
  | { readonly kind: 'error'; readonly message: string };

/** The part of `notify.slack` that names the webhook. */
export interface WebhookSettings {
  readonly webhook_url?: string | undefined;
  readonly webhook_url_file?: string | undefined;
}

/** The environment variable asked last. */
export const WEBHOOK_VARIABLE = 'ZBAN_SLACK_WEBHOOK_URL';
const FILE_BYTES_MAX = 4096;

/**
 * The webhook address from `webhook_url_file`, else `webhook_url`, else the environment: the first that is set
 * decides, and one that is set but unusable is an error, not a reason to try the next.
 */
export function loadWebhook(settings: WebhookSettings, environment: Readonly<NodeJS.ProcessEnv>): LoadedWebhook {
  const { webhook_url_file: path, webhook_url: configured } = settings;
  if (path !== undefined) return loadFile(path);
  if (configured !== undefined) return accept(configured, 'config', 'notify.slack.webhook_url', []);
  const variable = environment[WEBHOOK_VARIABLE]?.trim();
  return variable ? accept(variable, 'environment', WEBHOOK_VARIABLE, []) : { kind: 'none' };
}

function loadFile(path: string): LoadedWebhook {
  const fail = (problem: string): LoadedWebhook => ({
    kind: 'error',
    message: `notify.slack.webhook_url_file ${path} ${problem}`,
  });
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK a named pipe would hold the daemon's start up for ever.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return fail('is not a regular file');
    if (stat.size > FILE_BYTES_MAX) return fail(`has ${stat.size} bytes: it should hold the webhook address only`);
    const content = readFileSync(descriptor, 'utf8').trim();
    if (content === '') return fail('is empty: write the webhook address into it');
    const mode = (stat.mode & 0o777).toString(8);
    const warnings =
      (stat.mode & 0o004) === 0
        ? []
        : [`${path} can be read by everybody (mode ${mode}) and holds a secret: chmod o-rwx ${path}`];
    return accept(content, 'file', `notify.slack.webhook_url_file ${path}`, warnings);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return fail('does not exist');
    if (code === 'EACCES') return fail('may not be read by the user zban runs as');
    return fail(`cannot be read (${code ?? 'unknown error'})`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function accept(
  text: string,
  origin: 'file' | 'config' | 'environment',
  place: string,
  warnings: readonly string[],
): LoadedWebhook {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return { kind: 'error', message: `${place} does not hold an https:// address` };
  const local = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  const open =
    url.protocol === 'http:' && !local ? [`${place} is an http:// address: messages travel unencrypted`] : [];
  return { kind: 'loaded', url: new WebhookUrl(text), origin, warnings: [...warnings, ...open] };
}
