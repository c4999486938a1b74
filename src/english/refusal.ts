/** Why somebody is not banned, in words. */
import type { Unchanged } from '../decide/decide.ts';
import type { RefusedNumbers } from '../model/audit.ts';
import type { ProxyTraits, Refusal } from '../model/event.ts';
import { countOf } from './number.ts';

/** Reasons that name nothing. */
const NAMELESS = {
  fuse: 'the fuse had tripped after too many bans at once',
  alert: 'swarm.action is alert',
} as const;

/** What stands in the way, to follow its reason or `never banned`. */
export function explainRefusal({ reason, because }: Refusal): string {
  switch (reason) {
    case 'allowlist':
    case 'protected':
      return describeProtection(because);
    case 'limit':
      return `${countOf(because, 'ban')} ${because === 1 ? 'is' : 'are'} in force already (bans.max_active)`;
    case 'fuse':
    case 'alert':
      return NAMELESS[reason];
  }
}

/** The same of a row in a sentence, to follow `but`. */
export function sayRefusal({ reason, because }: RefusedNumbers): string {
  switch (reason) {
    case 'allowlist':
      return `it is on the allowlist (${because})`;
    case 'protected':
      return `it is protected (${because})`;
    case 'limit':
      return because;
    case 'fuse':
    case 'alert':
      // Older versions had other words.
      return NAMELESS[reason];
  }
}

/** Why a network is never banned. */
export function describeProtection(because: string | ProxyTraits): string {
  if (typeof because === 'string') return because;
  const percent = Math.round(because.share * 100);
  return `a proxy: ${percent} % of all requests come from it, with ${because.agents} user agents and more`;
}

const UNCHANGED: Readonly<Record<Unchanged, string>> = {
  over: 'its time is up already',
  same: 'is banned for as long already',
  longer: 'is banned for at least as long already',
};

export const describeUnchanged = (because: Unchanged): string => UNCHANGED[because];
