/**
 * Brings database and text audit log in line at a start. The log is behind after a kill between two writes, and gets the
 * lines that it lacks. The database is behind when it was deleted, damaged or restored from an older copy: then what
 * followed from the lost rows is taken from the lines of the log.
 */

import { setImmediate } from 'node:timers/promises';
import type { Config } from '../../config/schema.ts';
import type { AuditDraft, AuditEntry } from '../../model/audit.ts';
import { isInForce } from '../../model/reconcile.ts';
import type { ChainEnd } from '../../record/chain/chain-ends.ts';
import { findUnfinished, type Loss } from '../../record/loss/lost-rows.ts';
import { restore } from '../../record/loss/restoration.ts';
import type { Projection } from '../../record/projection/projection.ts';
import { BLANK } from '../../record/row/row.ts';
import { readDraft } from '../../record/text-log/draft-line.ts';
import { fitsHash, readNumber } from '../../record/text-log/line-number.ts';
import { findLogFiles, readLines, readLinesBackwards } from '../../record/text-log/text-log-lines.ts';
import type { AuditTrail } from '../../record/trail/audit-trail.ts';

/** Rows brought into the log at a time. */
const PAGE_ROWS = 1000;
/** Lines read between two looks at the rest of the world. */
const TURN_LINES = 5000;

export interface LogReconcileOptions {
  readonly config: Config;
  readonly trail: AuditTrail;
  /** What was wrong with the database, if that is known. */
  readonly damage: string | undefined;
  readonly now: () => number;
  /** Writes rows into the log. */
  readonly tell: (entries: readonly AuditEntry[]) => void;
  readonly signal?: AbortSignal | undefined;
}

/** What is wrong, in words. */
export interface LogFinding {
  /** Rows are missing from the database. */
  readonly lostRows?: string | undefined;
  /** The log was written from another database. */
  readonly foreignLog?: string;
}

/**
 * Resolves to what was found. Rejects with a system error when the log cannot be read,
 * with the signal's reason once it is aborted.
 */
export async function reconcileLog(options: LogReconcileOptions): Promise<LogFinding> {
  const { config, trail, damage, tell } = options;
  const files = findLogFiles(config.audit.log, config.audit.log_keep);
  const headId = trail.head.id;
  const { last, known, isPending } = findEnd(files, headId);
  const unfinished = findUnfinished(trail);
  if (known && isOfAnotherTrail(known, trail))
    return {
      foreignLog: `the audit trail in ${config.state.database} is not the one that ${config.audit.log} was written from: see zban audit verify; give each zban an audit.log of its own`,
    };
  if (last && last.id <= headId && !isPending) {
    bringUp(trail, last.id, tell);
    return { lostRows: unfinished ? await makeUpFor(unfinished, trail.head, files, options) : damage };
  }
  if (!last && !isPending) return { lostRows: damage };
  const what =
    damage ?? 'the database was deleted, cut short, restored from an older copy, or is another one (state.database)';
  const end = last && last.id > headId ? last : trail.head;
  const loss = unfinished ?? { fromId: headId + 1, toId: end.id, what };
  return { lostRows: await makeUpFor({ ...loss, toId: end.id }, end, files, options) };
}

/** Records again what followed from missing rows, as far as the log has their lines. Resolves to what is missing, in words. */
async function makeUpFor(
  loss: Loss,
  end: ChainEnd,
  files: readonly string[],
  options: LogReconcileOptions,
): Promise<string | undefined> {
  const { config, trail, tell, damage, signal } = options;
  const { fromId, toId, what } = loss;
  const picture = await pictureOf(files, fromId - 1, options);
  await restore({ trail, loss, end, picture, onRows: tell, signal });
  if (toId < fromId) return damage;
  return `${config.state.database}: entries #${fromId} to #${toId} of the audit trail are missing: ${what}; bans are in force as far as the audit log and the firewall have them; to begin anew on purpose, stop zban and delete the audit log as well`;
}

interface LogEnd {
  /** The newest row that the log is sure of. */
  readonly last?: ChainEnd;
  /** The newest of those that the database should have as well. */
  readonly known?: ChainEnd;
  /** The log speaks of later rows that never reached the disk. */
  readonly isPending: boolean;
}

function findEnd(files: readonly string[], headId: number): LogEnd {
  let isPending = false;
  let last: ChainEnd | undefined;
  for (const line of readLinesBackwards(files)) {
    const { id = 0, hash } = readNumber(line) ?? {};
    if (hash === undefined) {
      if (!last && id > headId) isPending = true;
      continue;
    }
    last ??= { id, hash };
    if (id <= headId) return { last, known: { id, hash }, isPending };
    // Nothing that it could be compared with.
    if (headId === 0) break;
  }
  return { ...(last && { last }), isPending };
}

/** A row that both have, and each otherwise: the log is not this trail's. What was pruned or restored says nothing. */
function isOfAnotherTrail(known: ChainEnd, trail: AuditTrail): boolean {
  const there = trail.query({ afterId: known.id - 1, limit: 1 })[0];
  return there?.id === known.id && !fitsHash(there.hash, known);
}

/** What follows from the database and the lines of later rows; bans that are over leave their offence. */
async function pictureOf(
  files: readonly string[],
  headId: number,
  { config, trail, now, signal }: LogReconcileOptions,
): Promise<Projection> {
  const picture = trail.projectionCopy;
  let count = 0;
  for (const line of readLines(files)) {
    if (++count % TURN_LINES === 0) await setImmediate();
    signal?.throwIfAborted();
    // Lines without a number are an older version's: they count where there is nothing else.
    if ((readNumber(line)?.id ?? 1) <= headId) continue;
    const draft = readDraft(line, config.bans.schedule);
    if (draft) apply(picture, draft);
  }
  for (const { client, untilMs, enforced } of picture.bans.values()) {
    if (untilMs === null || isInForce(untilMs, now())) continue;
    apply(picture, { ...BLANK, detail: '', timeMs: untilMs, actor: 'system', action: 'unban', client, enforced });
  }
  return picture;
}

function apply(picture: Projection, draft: AuditDraft): void {
  picture.apply({ ...draft, id: 0, configVersion: '', hash: '' });
}

function bringUp(trail: AuditTrail, lastId: number, tell: LogReconcileOptions['tell']): void {
  for (let afterId = lastId; ; ) {
    const rows = trail.query({ afterId, limit: PAGE_ROWS });
    // What was pruned is told nowhere else either.
    tell(rows.filter(({ action }) => action !== 'prune'));
    afterId = rows.at(-1)?.id ?? afterId;
    if (rows.length < PAGE_ROWS) return;
  }
}
