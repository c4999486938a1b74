import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** A folder that is gone after the test, or without one after the tests of the file. */
export function temporaryFolder(t: { after(end: () => void): void } = { after }): string {
  const folder = mkdtempSync(join(tmpdir(), 'zban-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
