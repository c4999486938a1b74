/** Boots test/support/systemd-box, a Debian with a real systemd in namespaces of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const script = join(import.meta.dirname, 'systemd-box');

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Box {
  /** Runs a shell command in the box, as root; never rejects. */
  run(command: string): Promise<Ran>;
  /** The same, and throws with everything that was said when it fails; resolves with standard output, trimmed. */
  must(command: string): Promise<string>;
  stop(): Promise<void>;
}

/** Why no box can be had here, or undefined; makes the Debian tree on the first call, which takes some 15 s. */
export function findObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root to boot systemd in namespaces';
  const made = spawnSync(script, ['tree'], { encoding: 'utf8' });
  if (made.status !== 0) return `no Debian tree to boot: ${made.stderr.trim() || made.error?.message}`;
  return undefined;
}

/** Boots; `binds` are `SOURCE:TARGET`, read-only in the box. */
export async function bootBox(binds: readonly string[]): Promise<Box> {
  const folder = mkdtempSync(join(tmpdir(), 'zban-box-'));
  const booted = await execute([script, 'boot', folder, ...binds]);
  if (booted.exitCode !== 0) throw new Error(`the box did not boot: ${booted.stderr}`);
  const run = (command: string) => execute([join(folder, 'enter'), 'bash', '-c', command]);
  return {
    run,
    must: async (command) => {
      const ran = await run(command);
      if (ran.exitCode !== 0) throw new Error(`${command}: exit code ${ran.exitCode}\n${ran.stdout}\n${ran.stderr}`);
      return ran.stdout.trim();
    },
    stop: async () => void (await execute([script, 'stop', folder])),
  };
}

function execute([command = '', ...words]: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    // A process group of its own: what a command does to its group stays in it.
    const child = spawn(command, words, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    // Not 'close': the booted systemd inherits no pipe, but a service it starts might.
    child.on('exit', (code) => setImmediate(() => resolve({ exitCode: code ?? -1, stdout, stderr })));
  });
}
