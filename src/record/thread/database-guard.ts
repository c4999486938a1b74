/** Notices while zban runs that the database was deleted, exchanged or damaged, and has another one in its place. */
import type { RecordDatabase } from '../database/database.ts';
import type { KeptDatabase } from '../database/kept-database.ts';
import { RecordError } from '../error.ts';

/** What was found; neither lost nor restored, it was not dealt with yet. */
export interface DatabaseFinding {
  /** In words: what became of which file, or why nothing can be done about it now. */
  readonly what: string;
  readonly outcome: 'lost' | 'restored' | 'waiting';
}

/**
 * Undefined while all is well. `isHeldBy` tells whether a copy has all rows; `damage` is what writing showed to be wrong.
 * What is lost has to be recorded again by its owner.
 */
export async function guardDatabase(
  database: KeptDatabase,
  isHeldBy: (copy: RecordDatabase) => boolean,
  damage: string | undefined,
): Promise<DatabaseFinding | undefined> {
  const found = database.findLoss(damage);
  if (!found) return undefined;
  // Verifying has to understand rows, which nothing else here does.
  const { verifyAudit } = await import('../chain/verify.ts');
  try {
    const isWhole = (copy: RecordDatabase) => isHeldBy(copy) && (!found.isDamage || verifyAudit(copy).ok);
    return { what: found.what, outcome: database.replace(isWhole) ? 'restored' : 'lost' };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return { what: `${found.what}, and a copy cannot be written now: ${error.message}`, outcome: 'waiting' };
  }
}
