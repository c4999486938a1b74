/** The sets as ipset's text: what to create, what it printed (ipset(8)). Pure. */
import { EnforcementError, type KernelBan } from './backend.ts';
import { canonicalTarget, type Family } from './target.ts';

/** Longest kernel-side timeout: 2147483 s, some 24 days. Later ends are put off to it again and again by reconcile. */
export const TIMEOUT_MAX_MS = 2_147_483_000;

/** Room for entries that a set has at least, whatever `bans.max_active` says. */
const MAXELEM_MIN = 1_048_576;

export interface SetSpec {
  readonly family: Family;
  /** Derived from the chain; with the suffix `-new` of a repair within the 31 characters that a name may have. */
  readonly name: string;
  readonly maxelem: number;
}

export function setSpecs(chain: string, maxActive: number): Readonly<Record<Family, SetSpec>> {
  const name = chain.toLowerCase();
  const maxelem = Math.max(MAXELEM_MIN, maxActive);
  return { 4: { family: 4, name: `${name}4`, maxelem }, 6: { family: 6, name: `${name}6`, maxelem } };
}

/** hash:net, because operators ban prefixes and IPv6 clients are networks. The hash grows by itself from `hashsize`. */
export function createLine({ family, maxelem }: SetSpec, name: string): string {
  const inet = family === 4 ? 'inet' : 'inet6';
  return `create ${name} hash:net family ${inet} hashsize 4096 maxelem ${maxelem} timeout 0`;
}

/** True when a listed set (`ipset -terse list`) can hold zban's bans. */
export function isFitting(listing: string, { family, maxelem }: SetSpec): boolean {
  const header = /^Header: (.*)$/m.exec(listing)?.[1] ?? '';
  return (
    /^Type: hash:net$/m.test(listing) &&
    header.includes(`family ${family === 4 ? 'inet' : 'inet6'} `) &&
    header.includes(' timeout ') &&
    Number(/ maxelem (\d+)/.exec(header)?.[1]) >= maxelem
  );
}

/** Whole seconds, rounded up: the kernel never releases early. Zero would be permanent. */
export function addLine(name: string, { target, untilMs }: KernelBan, nowMs: number): string {
  if (untilMs === null) return `add ${name} ${target} timeout 0`;
  const leftMs = Math.min(untilMs - nowMs, TIMEOUT_MAX_MS);
  return `add ${name} ${target} timeout ${Math.max(1, Math.ceil(leftMs / 1000))}`;
}

/** Takes the lines of `ipset save NAME` as they come: what is left of a timeout counts from then. */
export function createEntryReader(
  name: string,
  now: () => number,
  onBan: (ban: KernelBan) => void,
): (line: string) => void {
  const start = `add ${name} `;
  return (line) => {
    if (!line.startsWith(start)) {
      if (line === '' || line.startsWith('create ')) return;
      throw badOutput(line);
    }
    const end = line.indexOf(' ', start.length);
    const target = end < 0 ? line.slice(start.length) : line.slice(start.length, end);
    const seconds = readTimeout(line, end);
    if (!Number.isSafeInteger(seconds)) throw badOutput(line);
    const untilMs = seconds === 0 ? null : now() + seconds * 1000;
    // An exception inside a set drops nothing: listed as ended, so that reconcile takes it out or bans anew.
    onBan({ target: canonicalTarget(target), untilMs: end >= 0 && line.indexOf(' nomatch', end) >= 0 ? 0 : untilMs });
  };
}

/** What is left of an entry whose options begin at `from`, seconds; 0 for one without end, NaN where it cannot be read. */
function readTimeout(line: string, from: number): number {
  const word = ' timeout';
  const at = from < 0 ? -1 : line.indexOf(word, from);
  if (at < 0) return 0;
  const begin = at + word.length + 1;
  const end = line.indexOf(' ', begin);
  return Number(line.slice(begin, end < 0 ? undefined : end) || Number.NaN);
}

/** Members among the targets asked for, from what `ipset test` says on standard error. */
export function readMembers(said: string): Set<string> {
  const members = new Set<string>();
  for (const line of said.split('\n')) {
    const member = /^(?:Warning: )?(\S+) is in set \S+$/.exec(line)?.[1];
    if (member !== undefined) members.add(canonicalTarget(member));
  }
  return members;
}

function badOutput(line: string): EnforcementError {
  return new EnforcementError(
    'bad_output',
    `ipset printed what zban cannot read: ${JSON.stringify(line.slice(0, 100))}`,
  );
}
