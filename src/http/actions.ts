/**
 * Bans, releases, exceptions and notes from the page, or from a program: off unless configured. Who asks shows a token of their own,
 * which no browser sends by itself; another site's page is told by its origin.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Action } from './parse-action.ts';

/** A person and the token by which they are known. */
export interface ActionToken {
  readonly name: string;
  readonly token: string;
}

export interface ActionResult {
  readonly ok: boolean;
  readonly message: string;
}

export interface Actions {
  readonly tokens: readonly ActionToken[];
  /** Carries it out and records it as `operator:NAME`. */
  readonly act: (action: Action, name: string) => Promise<ActionResult>;
}

const BODY_BYTES_MAX = 4096;
interface Answer {
  readonly status: number;
  readonly body: ActionResult & { readonly name?: string };
}

const refuse = (status: number, message: string): Answer => ({ status, body: { ok: false, message } });

/** Never rejects for what a client sent. */
export async function serveAction({ tokens, act }: Actions, message: IncomingMessage): Promise<Answer> {
  const { host, origin, authorization = '' } = message.headers;
  // Browsers name the origin of every POST; a program has none.
  const isForeign = origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
  if (isForeign) return refuse(403, 'actions are taken from the page itself only');
  if (!/^application\/json\b/.test(message.headers['content-type'] ?? '')) return refuse(415, 'expected JSON');
  const name = identify(tokens, authorization);
  if (name === undefined) return refuse(401, 'this token is not in http.token_file');
  const body = await readBody(message);
  // Schemas take memory that a daemon whose page only shows things does not need.
  const { parseAction } = await import('./parse-action.ts');
  const parsed = body === undefined ? undefined : parseAction(body);
  if (!parsed) return refuse(400, 'the request is not understood');
  const { action } = parsed;
  if (action === 'whoami') return { status: 200, body: { ok: true, message: `signed in as ${name}`, name } };
  return { status: 200, body: await act({ ...parsed, action }, name) };
}

/** Whose token it is. Tokens of 128 bits and more are not guessed, however fast one tries. */
function identify(tokens: Actions['tokens'], authorization: string): string | undefined {
  const given = digest(/^Bearer (\S+)$/.exec(authorization)?.[1] ?? '');
  // All are compared, so that the time says nothing.
  return tokens.filter(({ token }) => timingSafeEqual(digest(token), given))[0]?.name;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Undefined when it is too long or broken off. */
async function readBody(message: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of message as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) return undefined;
      chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}
