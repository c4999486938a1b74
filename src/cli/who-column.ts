/** Who is behind the clients of a table, where the terminal is wide enough for one more column. */
import type { Config } from '../config/schema.ts';
import { findRobots } from '../host/robots.ts';
import { WhoFinder } from '../host/who.ts';
import { type Context, loadPermitted } from './context.ts';

/** Columns of a terminal from which on there is room, and clients beyond which nobody is looked up. */
const [COLUMNS_MIN, CLIENTS_MAX] = [160, 1000];

/** For each client in its place who it is, empty where that is not known; undefined where there is to be no column. */
export type Owners = (clients: readonly string[]) => readonly string[] | undefined;

/** What is wrong with a list of the operator's, zban doctor says. */
export const openFinder = ({ who, detection }: Pick<Config, 'who' | 'detection'>): WhoFinder =>
  new WhoFinder({ table: who.table, robots: findRobots(detection.robots) });

/** DNS is not asked: a table must not wait. */
export function findOwners(
  context: Context,
  { isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>,
): Owners {
  if (!isTTY || columns < COLUMNS_MIN || context.json) return () => undefined;
  const loaded = loadPermitted(context);
  // A list is shown also where the configuration has mistakes.
  if (!loaded.ok) return () => undefined;
  const finder = openFinder(loaded.config);
  return (clients) => {
    if (clients.length > CLIENTS_MAX) return undefined;
    const texts = finder.describeKnown(clients);
    return texts.some((text) => text !== '') ? texts : undefined;
  };
}
