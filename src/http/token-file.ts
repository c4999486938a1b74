/** Reads who may act from the page: one person a line, `NAME TOKEN`. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { codeOf } from '../model/coded-error.ts';
import type { ActionToken } from './actions.ts';

const FILE_BYTES_MAX = 65_536;
/** 32 hexadecimal digits are 128 bits. */
const TOKEN_LENGTH_MIN = 32;
const LINE = /^([A-Za-z0-9][A-Za-z0-9._-]{0,31})[ \t]+(\S+)$/;
const GENERATE = `echo "$USER $(openssl rand -hex 32)"`;

/** The tokens, or what is wrong with the file and how to fix it, without any of them. */
export function loadTokens(path: string): { tokens: readonly ActionToken[] } | { problem: string; fix: string } {
  let descriptor: number | undefined;
  try {
    // Without O_NONBLOCK a named pipe would hold the daemon's start up for ever.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return { problem: `${path} is not a regular file`, fix: 'name a file in http.token_file' };
    if (stat.mode & 0o007)
      return { problem: `${path} can be used by everybody on this host`, fix: `chmod o-rwx ${path}` };
    if (stat.size > FILE_BYTES_MAX)
      return { problem: `${path} has ${stat.size} bytes`, fix: 'one line for each person' };
    return parseTokens(path, readFileSync(descriptor, 'utf8'));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT')
      return { problem: `${path} does not exist`, fix: `write a line for each person into it: ${GENERATE}` };
    if (code === 'EACCES')
      return {
        problem: `${path} may not be read by the user zban runs as`,
        fix: `chgrp zban ${path}; chmod 640 ${path}`,
      };
    return { problem: `${path} cannot be read (${code ?? 'unknown error'})`, fix: 'name a file in http.token_file' };
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function parseTokens(path: string, text: string): ReturnType<typeof loadTokens> {
  const tokens: ActionToken[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(#.*)?$/.test(line)) continue;
    const [, name, token = ''] = LINE.exec(line.trim()) ?? [];
    const place = `line ${index + 1} of ${path}`;
    if (name === undefined) return { problem: `${place} is not NAME TOKEN`, fix: GENERATE };
    if (token.length < TOKEN_LENGTH_MIN)
      return { problem: `the token in ${place} is shorter than ${TOKEN_LENGTH_MIN} characters`, fix: GENERATE };
    if (tokens.some((known) => known.token === token))
      return { problem: `the token in ${place} is another person's`, fix: 'give each person a token of their own' };
    tokens.push({ name, token });
  }
  return tokens.length === 0 ? { problem: `${path} names nobody`, fix: GENERATE } : { tokens };
}
