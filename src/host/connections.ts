/** Established TCP connections of this host, as the kernel lists them. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Connection, parseConnections } from './proc-net.ts';

/** Connections of this network namespace, of both families; a table that the kernel does not have counts as empty. */
export async function findConnections(procNet = '/proc/net'): Promise<Connection[]> {
  const read = (name: string) => readFile(join(procNet, name), 'latin1').catch(() => '');
  const texts = await Promise.all(['tcp', 'tcp6'].map(read));
  return texts.flatMap((text) => parseConnections(text));
}
