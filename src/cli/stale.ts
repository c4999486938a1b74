/** The database may lack what was decided lately: the daemon keeps in memory what no disk takes. */
import { callDaemon } from '../control/client.ts';
import { ControlError } from '../control/error.ts';
import { printable } from '../model/text.ts';
import { type Context, requireSections } from './context.ts';

/** A daemon that takes longer to answer is not waited for. */
const STATUS_MS = 1000;

/** Says on standard error where what is read from the database may be out of date, and returns what it said. */
export async function warnIfStale(context: Context): Promise<string | undefined> {
  const { state, control } = requireSections(context, ['state', 'control']);
  const trouble = await findTrouble(control.socket, state.database);
  if (trouble === undefined) return undefined;
  const warning = `this may be out of date: ${printable(trouble)}`;
  context.output.talk(`zban: ${warning}`);
  return warning;
}

/** What keeps the running daemon from writing to the database. */
async function findTrouble(socket: string, database: string): Promise<string | undefined> {
  try {
    const { troubles } = await callDaemon(socket, 'status', undefined, { timeoutMs: STATUS_MS });
    return troubles.find((trouble) => trouble.startsWith(database));
  } catch (error) {
    if (error instanceof ControlError) return undefined;
    throw error;
  }
}
