import { parseDuration } from '../../english/duration.ts';
import { ATTACK_KINDS, SITUATION_KINDS, type SituationKind } from '../access-event.ts';
import { SITUATIONS } from './situations.ts';

/** An address or IPv6 network of its own, or a carrier's gateway that honest people share. */
type Origin = 'ipv4' | 'ipv6' | 'carrier';

/** One attack, or crowd: what, when, how hard. */
export interface AttackPlan {
  readonly kind: SituationKind;
  /** Where the attacker sits; many clients mix IPv4 and IPv6 whatever this says. */
  readonly origin: Origin;
  /** After the start of the simulation, milliseconds. */
  readonly atMs: number;
  readonly durationMs: number;
  /** Multiple of the ordinary rate of such an attack. */
  readonly intensity: number;
  /** Starts again after so many milliseconds, for ever; undefined happens once. */
  readonly everyMs?: number;
}

/** What `all` stands for: a crowd is no attack. */
const ALL = [...ATTACK_KINDS, 'flood6', 'scanner6'];

/** One word of `--attacks`. */
type AttackWord = Omit<AttackPlan, 'atMs' | 'durationMs'> & {
  readonly atMs: number | undefined;
  readonly durationMs: number | undefined;
};

/**
 * Reads `all`, `none`, or words such as `flood`, `scanner6`, `login:carrier`, `login@2h`, `flood@12h+2m`, `ramp*0.5`
 * separated by commas: a kind, `6` for IPv6 or `:carrier` for an address that honest people share, `@` start after the
 * beginning, `+` duration, `*` intensity. Attacks without a start are spread
 * over the last three quarters of `durationMs` (Infinity: the first ten minutes), so that a detector has time to learn;
 * attacks without a duration take their usual one, at most a third of the whole. A text that is not understood gives a message.
 */
export function parseAttacks(text: string, durationMs: number): AttackPlan[] | string {
  const trimmed = text.trim();
  if (trimmed === 'none' || trimmed === '') return [];
  const words = trimmed === 'all' ? ALL : trimmed.split(',').map((word) => word.trim());
  const wholeMs = Number.isFinite(durationMs) ? durationMs : 600_000;
  const plans: AttackPlan[] = [];
  for (const [index, text] of words.entries()) {
    const word = parseWord(text);
    if (typeof word === 'string') return word;
    const usualMs = Math.min(SITUATIONS[word.kind].minutes * 60_000, Math.round(wholeMs / 3));
    plans.push({
      ...word,
      atMs: word.atMs ?? Math.round(wholeMs * (0.25 + (0.7 * index) / words.length)),
      durationMs: word.durationMs ?? usualMs,
    });
  }
  return plans;
}

/** A message says what is wrong with it. */
function parseWord(text: string): AttackWord | string {
  const match = /^([a-z-]+)(6|:carrier)?(?:@([^+*]+))?(?:\+([^*]+))?(?:\*(\d+(?:\.\d+)?))?$/.exec(text);
  const [, name = '', from, at, lasting, times = '1'] = match ?? [];
  const kind = SITUATION_KINDS.find((known) => known === name);
  if (!kind) return `"${text}" is not an attack; known are ${SITUATION_KINDS.join(', ')}, all and none`;
  const atMs = at === undefined ? undefined : parseDuration(at);
  if (at !== undefined && atMs === undefined) return `"${at}" in "${text}" is not a time; write 90s, 10m or 2h`;
  const durationMs = lasting === undefined ? undefined : parseDuration(lasting);
  if (lasting !== undefined && durationMs === undefined)
    return `"${lasting}" in "${text}" is not a duration; write 90s, 10m or 2h`;
  const origin = from === '6' ? 'ipv6' : from === ':carrier' ? 'carrier' : 'ipv4';
  return { kind, origin, atMs, durationMs, intensity: Number(times) };
}

/** Time from one attack to the next, so that each can be followed. */
const DEMONSTRATION_STEP_MS = 8000;

/**
 * Attacks for a demonstration: the first ten seconds after `afterMs`, one after the other, everything again every fifteen minutes
 * (the flood from the same address, so that its second offence shows).
 */
export function demonstrationPlan(kinds: readonly AttackPlan[], afterMs: number): AttackPlan[] {
  return kinds.map((plan, index) => ({
    ...plan,
    atMs: afterMs + 10_000 + index * DEMONSTRATION_STEP_MS,
    durationMs: Math.min(plan.durationMs, 300_000),
    everyMs: 900_000,
  }));
}
