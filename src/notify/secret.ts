/** Where addresses and tokens come from, and a wrapper that keeps them out of logs, errors and JSON. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { codeOf } from '../model/coded-error.ts';

/** Printing, inspecting or serialising it shows `[secret]`. */
export class Secret {
  readonly #text: string;
  constructor(text: string) {
    this.#text = text;
  }
  /** The text itself, for the request only. */
  reveal(): string {
    return this.#text;
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

export type LoadedSecret =
  /** Nothing configured. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'loaded';
      readonly secret: Secret;
      /** What an operator should fix although it works. */
      readonly warnings: readonly string[];
    }
  /** What is wrong and how to fix it, without the secret. */
  | { readonly kind: 'error'; readonly message: string };

/** The places of one secret: the first that is set decides, and one that is set but unusable is an error. */
export interface SecretPlaces {
  /** Key of the value, such as `notify.slack.webhook_url`; that of the file has `_file` behind it. */
  readonly key: string;
  readonly file: string | undefined;
  readonly value: string | undefined;
  /** Environment variable, asked last. */
  readonly variable?: string;
}

const FILE_BYTES_MAX = 4096;

/** A secret of any form, such as a token. */
export function loadSecret(places: SecretPlaces, environment: Readonly<NodeJS.ProcessEnv>): LoadedSecret {
  return load(places, environment, (text, place) =>
    /^[\x21-\x7e]+$/.test(text)
      ? { kind: 'loaded', secret: new Secret(text), warnings: [] }
      : { kind: 'error', message: `${place} holds spaces or characters that are not ASCII` },
  );
}

/** The address of a webhook, http:// or https://. */
export function loadAddress(places: SecretPlaces, environment: Readonly<NodeJS.ProcessEnv>): LoadedSecret {
  return load(places, environment, acceptAddress);
}

type Accept = (text: string, place: string) => LoadedSecret;

function load(places: SecretPlaces, environment: Readonly<NodeJS.ProcessEnv>, accept: Accept): LoadedSecret {
  const { key, file, value, variable } = places;
  if (file !== undefined) return loadFile(file, `${key}_file ${file}`, accept);
  if (value !== undefined) return accept(value, key);
  const found = variable && environment[variable]?.trim();
  return variable && found ? accept(found, variable) : { kind: 'none' };
}

function loadFile(path: string, place: string, accept: Accept): LoadedSecret {
  const fail = (problem: string): LoadedSecret => ({ kind: 'error', message: `${place} ${problem}` });
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK a named pipe would hold the daemon's start up for ever.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return fail('is not a regular file');
    if (stat.size > FILE_BYTES_MAX) return fail(`has ${stat.size} bytes: it should hold the secret only`);
    const content = readFileSync(descriptor, 'utf8').trim();
    if (content === '') return fail('is empty: write the secret into it');
    const accepted = accept(content, place);
    if (accepted.kind !== 'loaded' || (stat.mode & 0o004) === 0) return accepted;
    const mode = (stat.mode & 0o777).toString(8);
    const open = `${path} can be read by everybody (mode ${mode}) and holds a secret: chmod o-rwx ${path}`;
    return { ...accepted, warnings: [open, ...accepted.warnings] };
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return fail('does not exist');
    if (code === 'EACCES') return fail('may not be read by the user zban runs as');
    return fail(`cannot be read (${code ?? 'unknown error'})`);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function acceptAddress(text: string, place: string): LoadedSecret {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    return { kind: 'error', message: `${place} does not hold an https:// address` };
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  const open =
    url.protocol === 'http:' && !isLocal ? [`${place} is an http:// address: messages travel unencrypted`] : [];
  return { kind: 'loaded', secret: new Secret(text), warnings: open };
}
