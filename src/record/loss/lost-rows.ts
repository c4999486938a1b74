/** Rows that are gone with a database: what followed from them is recorded again, in rows that say so. */

import type { Actor, AuditDraft, DraftOf, Offence } from '../../model/audit.ts';
import { isInForce, type KernelBan } from '../../model/reconcile.ts';
import { isNumber, isObject, isText, parseJson } from '../../model/shape.ts';
import type { Extra } from '../chain/trail-statements.ts';
import type { Ban, Projection } from '../projection/projection.ts';
import { BLANK, missingDraft, PORTION_ROWS } from '../row/row.ts';

const RESTORED = 'restored';

const MODES = ['enforced', 'observed'] as const;

const KEY = 'restoration';

/** Rows from one to another that are missing, and why. */
export interface Loss {
  readonly fromId: number;
  readonly toId: number;
  readonly what: string;
}

/** Goes with the first rows that make up for a loss: a start that finds it goes on with it. Without a loss it says that all is done. */
export function unfinished(loss?: Loss): Extra {
  return { state: { [KEY]: Buffer.from(loss ? JSON.stringify(loss) : '') } };
}

const isLoss = isObject({ fromId: isNumber, toId: isNumber, what: isText });

/** Rows that an earlier run began to make up for, and did not end. */
export function findUnfinished(trail: { loadState(key: string): Uint8Array | undefined }): Loss | undefined {
  const bytes = trail.loadState(KEY);
  if (!bytes?.length) return undefined;
  const loss = parseJson(Buffer.from(bytes).toString(), isLoss);
  if (loss) return loss;
  throw new Error('what was noted of a lost database is not as zban wrote it');
}

/** Drafts in portions that are recorded at once, with all there is about each client in one. */
export function* portionsOf(drafts: Iterable<readonly AuditDraft[]>): Generator<readonly AuditDraft[]> {
  let portion: AuditDraft[] = [];
  for (const some of drafts) {
    portion.push(...some);
    if (portion.length < PORTION_ROWS) continue;
    yield portion;
    portion = [];
  }
  if (portion.length > 0) yield portion;
}

/**
 * Drafts that bring a trail from `before` to `after`, those about one client at a time; applied once more they change nothing.
 * `before` may follow them while they come, and both may follow other rows in between.
 */
export function* restorationDrafts(
  before: Projection,
  after: Projection,
  nowMs: number,
): Generator<readonly AuditDraft[]> {
  for (const client of clientsOf(before, after))
    if (isChanged(client, before, after)) yield [...draftsOf(client, before, after, nowMs)];
  for (const entry of [...before.allowed.keys()]) {
    if (!after.allowed.has(entry)) yield [entryDraft('disallow', entry, 'system', nowMs)];
  }
  for (const { entry, actor, sinceMs } of after.allowed.values()) {
    if (!before.allowed.has(entry)) yield [entryDraft('allow', entry, actor, sinceMs)];
  }
}

function* draftsOf(client: string, before: Projection, after: Projection, nowMs: number): Generator<AuditDraft> {
  const there = before.bans.get(client);
  const ban = after.bans.get(client);
  const past = MODES.flatMap((mode) => {
    const offence = after.offences[mode].get(client);
    if (!offence) return [];
    const standing = ban?.enforced === (mode === 'enforced') ? ban : undefined;
    // The ban that stands says it as well; one without a tier, until when nothing decays.
    if (standing?.tier === offence.tier && standing.untilMs === offence.lastMs) return [];
    const lastMs = Math.min(offence.lastMs, standing?.sinceMs ?? offence.lastMs);
    return pastBan({ ...offence, lastMs }, mode === 'enforced');
  });
  if (there) yield unban(client, there.enforced, nowMs);
  yield* past;
  if (ban) yield* standingBan(ban);
}

/** Everybody with a ban or an offence; now and then somebody twice. */
function* clientsOf(before: Projection, after: Projection): Generator<string> {
  yield* after.bans.keys();
  for (const client of before.bans.keys()) if (!after.bans.has(client)) yield client;
  for (const mode of MODES) {
    for (const client of after.offences[mode].keys()) if (!saysOffence(after.bans.get(client), mode)) yield client;
  }
}

/** Whether a ban brings the client's newest offence with it, as policy's do. */
function saysOffence(ban: Ban | undefined, mode: (typeof MODES)[number]): boolean {
  return ban !== undefined && ban.tier > 0 && ban.enforced === (mode === 'enforced');
}

function isChanged(client: string, before: Projection, after: Projection): boolean {
  const keys = ['sinceMs', 'untilMs', 'tier', 'enforced', 'confirmed'] as const;
  const [a, b] = [before.bans.get(client), after.bans.get(client)];
  if (keys.some((key) => a?.[key] !== b?.[key])) return true;
  return MODES.some((mode) => {
    const [known, offence] = [before.offences[mode].get(client), after.offences[mode].get(client)];
    return offence !== undefined && (known?.lastMs !== offence.lastMs || known.tier !== offence.tier);
  });
}

/** The row that says which are missing. */
export function lossDraft(fromId: number, toId: number, what: string, nowMs: number): DraftOf<'trouble'> {
  const detail = `entries #${fromId} to #${toId} of the audit trail are missing: ${what}`;
  return missingDraft(nowMs, detail, { lost_from: fromId, lost_to: toId });
}

/** Bans that the firewall has and the trail has not: they stand until their time is up or a person lifts them. */
export function* foundDrafts(
  held: Iterable<KernelBan>,
  trail: { findActiveBan(client: string, nowMs: number): unknown },
  nowMs: number,
): Generator<readonly AuditDraft[]> {
  const of = { timeMs: nowMs, actor: 'system', action: 'ban', condition: 'import', tier: 0, enforced: true } as const;
  for (const { target: client, untilMs } of held) {
    if (trail.findActiveBan(client, nowMs) || !isInForce(untilMs, nowMs)) continue;
    const durationSeconds = untilMs === null ? null : (untilMs - nowMs) / 1000;
    yield [{ ...of, numbers: null, client, durationSeconds, detail: `${RESTORED}: found in the firewall` }];
  }
}

function standingBan(ban: Ban): AuditDraft[] {
  const { client, condition, tier, sinceMs, untilMs, enforced, actor, reason, confirmed } = ban;
  const detail = reason === '' || reason.startsWith(RESTORED) ? reason || RESTORED : `${RESTORED}: ${reason}`;
  const durationSeconds = untilMs === null ? null : (untilMs - sinceMs) / 1000;
  const of = { timeMs: sinceMs, actor, client, condition, numbers: null, tier, durationSeconds, enforced };
  const drafts: AuditDraft[] = [{ ...of, action: 'ban', detail }];
  if (confirmed) {
    const result = { action: 'ban_result', numbers: { result: 'ok' }, detail: 'ok' } as const;
    drafts.push({ ...BLANK, ...result, timeMs: sinceMs, actor: 'system', client, enforced });
  }
  return drafts;
}

/** A ban that was over as soon as it began leaves nothing but the offence. */
function pastBan({ client, tier, lastMs }: Offence, enforced: boolean): AuditDraft[] {
  const of = { timeMs: lastMs, actor: 'policy', client, numbers: null, enforced, detail: RESTORED } as const;
  return [{ ...of, action: 'ban', condition: 'manual', tier, durationSeconds: 0 }, unban(client, enforced, lastMs)];
}

function unban(client: string, enforced: boolean, timeMs: number): AuditDraft {
  return { ...BLANK, timeMs, actor: 'system', action: 'unban', client, enforced, detail: RESTORED };
}

function entryDraft(action: 'allow' | 'disallow', client: string, actor: Actor, timeMs: number): AuditDraft {
  return { ...BLANK, timeMs, actor, action, client, enforced: true, detail: RESTORED };
}
