/**
 * Panic: a person has every ban lifted and wants none until they say so. It is kept in the database and in files reserved
 * for it, so that it outlives a restart whatever config.yaml says and however full the disk is. It ends only by the
 * command that takes it back.
 */

import type { Config } from '../../config/schema.ts';
import type { OnProgress, PanicRequest, PanicResult } from '../../control/protocol.ts';
import { countBans } from '../../english/number.ts';
import type { Notification } from '../../model/notification.ts';
import { isEither, isNull, isObject, isText } from '../../model/shape.ts';
import { isReserved, type Reserve, type Reserved } from '../../record/loss/reserve.ts';
import { BLANK } from '../../record/row/row.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';
import type { Bans } from '../bans/bans.ts';
import { liftedBy } from '../bans/event-drafts.ts';
import { readState, stateOf } from '../saved-state.ts';

/** A panic that stands. */
export interface Panic {
  /** RFC 3339. */
  readonly since: string;
  /** Who began it. */
  readonly by: string;
  readonly reason: string;
}

/** A panic, or that there is none. */
const isPanicOrNone = isEither(isNull, isObject({ since: isText, by: isText, reason: isText }));

const STATE_KEY = 'panic';
/** In the reserved files there is room for so much of the reason, in characters of up to three bytes. */
const RESERVED_REASON_LENGTH = 60;

/** Where a panic is kept. */
export interface PanicStore {
  readonly trail: Pick<AuditTrail, 'loadState'>;
  readonly reserve: Pick<Reserve, 'read' | 'write'>;
}

/** The panic that stands, if one does. */
export function findPanic(store: PanicStore): Panic | undefined {
  return readNewest(store).value ?? undefined;
}

/** A copy that is damaged does not count. */
function readNewest({ trail, reserve }: PanicStore): Reserved<Panic | null> {
  const bytes = trail.loadState(STATE_KEY);
  // Before there was a reserve, the database held the panic alone.
  const saved = readState(bytes, isReserved(isPanicOrNone)) ?? {
    generation: 0,
    value: readState(bytes, isPanicOrNone) ?? null,
  };
  const reserved = reserve.read(isPanicOrNone);
  return reserved && reserved.generation > saved.generation ? reserved : saved;
}

/** The configuration in force: observe mode while a panic stands. */
export function configInForce(config: Config, panic: Panic | undefined): Config {
  return panic ? { ...config, mode: 'observe' } : config;
}

/** The panic as `zban status` tells it. */
export function describePanic({ since, by, reason }: Panic): string {
  const why = reason === '' ? '' : ` (${reason})`;
  return `panic since ${since} by ${by}${why}: nobody is banned; take it back with zban panic --end`;
}

export interface PanicOptions extends PanicStore {
  readonly trail: Pick<AuditTrail, 'loadState' | 'isDurable' | 'activeClients' | 'activeBansOf' | 'countActive'>;
  readonly bans: Pick<Bans, 'record' | 'lift'>;
  /** Of the configuration: its mode, and what other hosts hear. */
  readonly config: Pick<Config, 'mode' | 'fleet'>;
  readonly now: () => number;
  /** Takes everything of zban's out of the firewall; false when it could not. */
  readonly leaveFirewall: () => Promise<boolean>;
  readonly notify: (notifications: readonly Notification[]) => void;
  /** Told once nobody is blocked any more, and as the ends of bans are recorded. */
  readonly onProgress?: OnProgress | undefined;
  /** Messages that wait to be sent. */
  readonly waiting: () => number;
  /** Begins anew with the configuration that is in force now; absent where no daemon runs. */
  readonly restart?: () => void;
}

/** Begins or ends a panic. What is recorded comes first; the firewall is empty when it resolves. */
export async function carryOutPanic(request: PanicRequest, options: PanicOptions): Promise<PanicResult> {
  return request.end ? endPanic(request, options) : beginPanic(request, options);
}

async function beginPanic({ operator, reason }: PanicRequest, options: PanicOptions): Promise<PanicResult> {
  const { trail, bans, now, leaveFirewall, notify, waiting, restart, onProgress, config } = options;
  let kept: Kept = {};
  const clients = [...trail.activeClients(now())];
  const { enforced: lifted, observed: wouldBe } = trail.countActive(now());
  const gone = `${countBans(lifted, wouldBe)} lifted`;
  const standing = findPanic(options);
  if (!standing) {
    const panic: Panic = { since: new Date(now()).toISOString(), by: operator, reason };
    kept = await record('panic', operator, [reason, `${gone}, nobody is banned until it is ended`], panic, options);
  }
  // The chain as a whole, before many rows are written: anyone who is locked out is in at once.
  const left = await leaveFirewall();
  // Bans that are told only after the panic, once quiet hours end, are told to be over as well.
  const tellOfEnds = waiting() === 0 ? 'none' : 'own';
  if (!standing)
    notify([
      {
        kind: 'panic',
        time: new Date(now()).toISOString(),
        phase: 'start',
        operator,
        reason,
        lifted,
        ...(wouldBe > 0 && { wouldBe }),
        ...findReach(config),
      },
    ]);
  let done = 0;
  const tell = async (count: number) => {
    done += count;
    // Of an empty firewall that is not empty nobody hears.
    if (left && done < clients.length) await onProgress?.({ done, of: clients.length, results: [] });
  };
  await tell(0);
  await bans.lift(trail.activeBansOf(clients, now()), ...liftedBy(operator, reason), {
    tell: tellOfEnds,
    onLifted: (some) => tell(some.length),
  });
  if (!standing) restart?.();
  const failed = `${gone}, but the firewall could not be emptied: see journalctl -u zban`;
  if (!left) return { ok: false, lifted, message: failed, ...kept };
  const { fleet } = findReach(config);
  const others = fleet === undefined ? '' : `; so do the other hosts of the fleet ${fleet}`;
  return { ok: true, lifted, message: `${gone}; zban bans nobody until zban panic --end${others}`, ...kept };
}

/** The fleet, where its other hosts hear of a panic; of a host that has left it, when that starts again, as a panic has it do. */
const findReach = ({ fleet }: Pick<Config, 'fleet'>) => (fleet?.share.includes('bans') ? { fleet: fleet.name } : {});

async function endPanic({ operator, reason }: PanicRequest, options: PanicOptions): Promise<PanicResult> {
  const { config, now, notify, restart } = options;
  if (!findPanic(options)) return { ok: true, lifted: 0, message: 'there is no panic' };
  const kept = await record('panic_end', operator, [reason], null, options);
  notify([
    {
      kind: 'panic',
      time: new Date(now()).toISOString(),
      phase: 'end',
      operator,
      reason,
      lifted: 0,
      ...findReach(config),
    },
  ]);
  restart?.();
  const rest = config.mode === 'observe' ? ', which is observe: it goes on banning nobody' : '';
  const back = restart ? 'is back' : 'does not run: it will start';
  const message = `the panic is over; zban ${back} in the mode of its configuration${rest}`;
  return { ok: true, lifted: 0, message, ...kept };
}

type Kept = Pick<PanicResult, 'durable'>;

/** The row and what the next start goes by, in one transaction; and beside it, for a database that cannot be written. */
async function record(
  action: 'panic' | 'panic_end',
  operator: string,
  remarks: readonly string[],
  panic: Panic | null,
  options: PanicOptions,
): Promise<Kept> {
  const { bans, now, trail, reserve } = options;
  const detail = remarks.filter(Boolean).join('; ');
  const draft = { ...BLANK, timeMs: now(), actor: `operator:${operator}` as const, action, enforced: true, detail };
  const generation = readNewest(options).generation + 1;
  const brief = panic && { ...panic, reason: panic.reason.slice(0, RESERVED_REASON_LENGTH) };
  const isKept = reserve.write({ generation, value: brief });
  const saved: Reserved<Panic | null> = { generation, value: panic };
  bans.record([draft], stateOf(STATE_KEY, saved));
  const isDurable = await trail.isDurable();
  return isKept || isDurable ? {} : { durable: false };
}
