/** Which configuration file a command reads. Apart from what reads it, which the daemon does not load. */
import { accessSync, constants } from 'node:fs';
import { codeOf } from '../model/coded-error.ts';
import type { Context } from './context.ts';
import { CommandError, EXIT } from './exit.ts';

export const DEFAULT_CONFIG = '/etc/zban/config.yaml';

/** The configuration file's path; one that this user may not read ends the command with exit code 4. */
export function requirePermitted({ configPath }: Pick<Context, 'configPath'>): string {
  const file = configPath ?? DEFAULT_CONFIG;
  if (isPermitted(file)) return file;
  const message = `${file} may not be read by this user: run the command with sudo, or as a member of the group zban`;
  throw new CommandError(EXIT.noPermission, message);
}

export function isPermitted(file: string): boolean {
  try {
    accessSync(file, constants.R_OK);
    return true;
  } catch (error) {
    return codeOf(error) !== 'EACCES';
  }
}
