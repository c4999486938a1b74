/**
 * What fail2ban-client prints: `banned` (a Python list of jails, `[{'sshd': ['203.0.113.9']}]`) and `get JAIL banip
 * --with-time` (`203.0.113.9 \t2026-11-20 10:11:12 + 600 = 2026-11-20 10:21:12`, local times, -1 is for good).
 */
import { type BanList, type Entry, listOf } from './list.ts';

const JAIL = /'((?:[^'\\]|\\.)*)':\s*\[([^\]]*)\]/g;
const TIMED = /^(\S+)\s+\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+ (-?\d+) = (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\s*$/;

/** True when a list begins like one of these. */
export function isFail2ban(text: string): boolean {
  return /^\s*\[\s*\{\s*'/.test(text) || TIMED.test(text.trimStart().split('\n')[0] ?? '');
}

export function parseFail2ban(text: string): BanList {
  if (text.trimStart().startsWith('[')) return listOf(readJails(text).map((entry) => ({ line: 1, entry })));
  return listOf(text.split('\n').map((line, index) => ({ line: index + 1, entry: readTimed(line) })));
}

function readJails(text: string): Entry[] {
  return [...text.matchAll(JAIL)].flatMap(([, jail = '', addresses = '']) =>
    [...addresses.matchAll(/'([^']*)'/g)].map(([, target = '']) => ({ target, reason: `fail2ban ${jail}` })),
  );
}

function readTimed(text: string): Entry {
  if (text.trim() === '') return undefined;
  const [, target = text.trim(), seconds, day, time] = TIMED.exec(text) ?? [];
  return seconds === '-1' ? { target, forMs: null } : { target, untilMs: Date.parse(`${day}T${time}`) };
}
