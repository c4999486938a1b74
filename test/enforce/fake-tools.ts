/** Stand-ins for iptables and ipset on a search path of their own, for faults that a healthy kernel does not show. */
import { chmodSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FakeTools {
  /** For `path`; holds the stand-ins and nothing else but a shell's own commands. */
  readonly path: string;
  /** Puts a shell script in place of a tool. */
  set(tool: string, script: string): void;
  remove(): void;
}

/** What `iptables -S` prints on a host without rules. */
export const EMPTY_TABLE = "printf '%s\\n' '-P INPUT ACCEPT' '-P FORWARD ACCEPT' '-P OUTPUT ACCEPT'";

export function createFakeTools(): FakeTools {
  const path = mkdtempSync(join(tmpdir(), 'zban-tools-'));
  // Written once and before any use: the kernel refuses to run a file that is open for writing (ETXTBSY in execve(2)).
  const stub = join(path, 'stub');
  writeFileSync(stub, '#!/bin/sh\n. "$0.script"\n');
  chmodSync(stub, 0o755);
  for (const tool of ['sleep', 'cat', 'yes', 'head']) symlinkSync(`/usr/bin/${tool}`, join(path, tool));
  return {
    path,
    set(tool, script) {
      writeFileSync(join(path, `${tool}.script`), `${script}\n`);
      if (!existsSync(join(path, tool))) symlinkSync(stub, join(path, tool));
    },
    remove: () => rmSync(path, { recursive: true }),
  };
}
