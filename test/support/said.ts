/** What zban says when something is wrong: sentences for the operator, never a stack trace. */
import assert from 'node:assert/strict';
import type { CommandResult } from './command-thread.ts';

/** Holds a failed command to its exit code and to one message with all of these in it. */
export function assertSays(result: CommandResult, status: number, ...patterns: readonly RegExp[]): void {
  const told = `exit code ${result.status}, standard error:\n${result.stderr}`;
  assert.equal(result.status, status, told);
  const lines = wordsOf(result.stderr);
  assert.equal(lines.length, 1, `one message expected: ${told}`);
  for (const pattern of patterns) assert.match(lines[0] ?? '', pattern);
  assertNoStack(result.stderr);
}

export function assertNoStack(stderr: string): void {
  assert.doesNotMatch(stderr, /^\s+at \S+ ?\(?(file|node):/m, 'no stack trace');
  assert.doesNotMatch(stderr, /Node\.js v\d/, 'not an uncaught exception');
}

/** Lines that the daemon's log wrote about a trouble that begins. */
export function troublesIn(stderr: string, key: string): string[] {
  return logOf(stderr)
    .filter(({ trouble, level }) => trouble === key && level === 'error')
    .map(({ msg, fix = '' }) => `${msg}; ${fix}`);
}

interface LogLine {
  readonly level: string;
  readonly msg: string;
  readonly trouble?: string;
  readonly fix?: string;
}

/** The daemon's own log among what it wrote to standard error. */
export function logOf(stderr: string): LogLine[] {
  const lines = stderr.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => JSON.parse(line) as LogLine);
}

/** What was said besides the log: the sentence a command ends with. */
export function wordsOf(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
}
