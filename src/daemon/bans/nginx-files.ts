/** The files that nginx includes are one zban's: two would each take out what the other wrote, one reload after the other. */
import type { Config } from '../../config/schema.ts';
import { lockFile } from '../../record/database/file-lock.ts';
import type { Lifetime } from '../lifetime.ts';

/** Held while the instance lives. Throws RecordError `in_use` where another zban writes one of them. */
export function lockNginxFiles({ firewall, mode }: Config, lifetime: Lifetime): void {
  const { file, lanes } = firewall.nginx;
  const files = [...(mode === 'enforce' && firewall.backend === 'nginx' ? [file] : []), ...(lanes ? [lanes] : [])];
  for (const path of files) {
    const lock = lockFile(path);
    lifetime.own(`the lock of ${path}`, () => lock.close());
  }
}
