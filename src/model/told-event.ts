/**
 * The engine's events as everybody else is told them: names and words of `zban replay --json`, of the audit trail and of messages. The
 * traffic thread translates them (src/workers/tell-event.ts), so that the core knows neither.
 */
import type * as surge from '../site/surge.ts';
import type { RefusalReason } from './audit.ts';
import type * as core from './event.ts';
import type * as lane from './lane.ts';
import { formatSecond, parseSecond } from './time.ts';

export type Told<Value> = Value extends readonly unknown[]
  ? { readonly [Index in keyof Value]: Told<Value[Index]> }
  : Value extends object
    ? { readonly [Name in keyof Value as SnakeCase<Name & string>]: Told<Value[Name]> }
    : Value;

type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? '' : '_'}${Lowercase<First>}${SnakeCase<Rest>}`
  : Name;

export type Sample = Told<core.Sample>;
export type Evidence = Told<core.Evidence>;
export type Past = Told<core.Past>;
export type SurgeNumbers = Told<surge.SurgeNumbers>;
export type BanEvent = Told<core.BanEvent>;
export type UnbanEvent = core.UnbanEvent;
export type BaselineEvent = Told<core.BaselineEvent>;
export type GlobalAnomalyEnd = Told<core.GlobalAnomalyEnd>;
export type Backtest = Told<lane.Backtest>;
export type LaneStart = Told<lane.LaneStart>;
export type LaneEnd = Told<lane.LaneEnd>;

export interface RefusedEvent extends Evidence {
  readonly event: 'refused';
  readonly time: string;
  readonly ip: string;
  readonly reason: RefusalReason;
  /** Only of a network that would have been banned for a swarm. */
  readonly swarm?: Told<lane.NetworkProof>;
  /** The allowlist entry or the protection that matched. */
  readonly detail: string;
}

export interface GlobalAnomalyStart extends Told<Omit<core.GlobalAnomalyStart, 'detail'>> {
  /** The verdict as a sentence with its reasons; nothing in it comes from the log. */
  readonly detail: string;
}

export type GlobalAnomalyEvent = GlobalAnomalyStart | GlobalAnomalyEnd;

export interface FuseEvent {
  readonly event: 'fuse';
  readonly phase: 'tripped' | 'reset';
  readonly time: string;
  /** When banning resumes by itself, RFC 3339; only with `tripped`, and not in messages of older versions. */
  readonly until?: string;
  readonly reason: core.FuseReason;
  readonly detail: string;
}

export type LaneEvent = LaneStart | LaneEnd;

export type EngineEvent =
  | BanEvent
  | UnbanEvent
  | RefusedEvent
  | GlobalAnomalyEvent
  | BaselineEvent
  | FuseEvent
  | LaneEvent;

/** The value with all its names as they are told. */
export function toTold<Value>(value: Value): Told<Value> {
  return renamed(value) as Told<Value>;
}

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [snakeCase(name), renamed(part)]));
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/**
 * The event with no time after `nowSecond`, by which zban knows it: a log whose clock was set back may have lines that seem to be
 * from the future, and a ban of then would last too long.
 */
export function noLaterThan<Event extends EngineEvent>(event: Event, nowSecond: number): Event {
  const beyond = parseSecond(event.time) - nowSecond;
  if (beyond <= 0) return event;
  const since = 'since' in event && { since: formatSecond(parseSecond(event.since) - beyond) };
  return { ...event, time: formatSecond(nowSecond), ...since };
}
