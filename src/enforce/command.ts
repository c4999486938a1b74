/** Runs one firewall command: argument array, standard input, time limit, bounded output, and every failure as a code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { codeOf } from '../model/coded-error.ts';
import { EnforcementError, type EnforcementErrorCode } from './backend.ts';

export interface Command {
  /** Tool and arguments; no shell sees them. */
  readonly argv: readonly [string, ...string[]];
  readonly stdin?: string;
  /**
   * Takes standard output line by line instead of collecting it, so that long listings have no limit. The time limit
   * then counts from the newest output.
   */
  readonly onLine?: (line: string) => void;
}

export interface CommandResult {
  /** At most STDOUT_BYTES_MAX; empty when `onLine` took the lines. */
  readonly stdout: string;
  /** The first STDERR_BYTES_MAX of it. */
  readonly stderr: string;
}

/** Resolves for exit status 0 and rejects with EnforcementError for everything else, within the time limit. */
export type CommandRunner = (command: Command) => Promise<CommandResult>;

export interface CommandRunnerOptions {
  /** Milliseconds until the command and its children are killed. */
  readonly timeoutMs: number;
  /** Put before every command, such as `ip netns exec NAME`. */
  readonly prefix?: readonly string[];
  /** Kills the command that runs, and its children, and refuses the next: code `aborted`. */
  readonly signal?: AbortSignal;
}

export const STDOUT_BYTES_MAX = 67_108_864;
export const STDERR_BYTES_MAX = 4_194_304;

export function createCommandRunner({ timeoutMs, prefix = [], signal }: CommandRunnerOptions): CommandRunner {
  const { PATH: path = '/usr/bin:/bin' } = process.env;
  const env = {
    // A daemon's path often lacks sbin.
    PATH: `${path}:/usr/sbin:/sbin`,
    // Messages are matched and times are UTC, whatever the operator's locale.
    LC_ALL: 'C',
    TZ: 'UTC',
  };
  return async (command) => {
    if (signal?.aborted) throw abortedError(command);
    const [tool, ...args] = [...prefix, ...command.argv] as [string, ...string[]];
    // A process group of its own, so that a wrapper script's children die with it.
    const child = spawn(tool, args, { env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    return watch(child, command, timeoutMs, signal);
  };
}

function abortedError({ argv: [tool] }: Command): EnforcementError {
  return new EnforcementError('aborted', `${tool} was cut off: zban was told to stop while it started`);
}

function watch(
  child: ChildProcess,
  command: Command,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<CommandResult> {
  const tool = command.argv[0];
  return new Promise((resolve, reject) => {
    const output = collectOutput(child, command.onLine);
    if (command.onLine) child.stdout?.on('data', () => timer.refresh());
    const settle = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
    const fail = (error: EnforcementError) => {
      settle();
      killGroup(child);
      // Pipes that a surviving grandchild still holds must not keep this process waiting.
      for (const stream of child.stdio) stream?.destroy();
      reject(error);
    };
    const timer = setTimeout(() => {
      const seconds = timeoutMs / 1000;
      fail(new EnforcementError('timeout', `${tool} did not finish within ${seconds} s (firewall.command_timeout)`));
    }, timeoutMs);
    const abort = () => fail(abortedError(command));
    signal?.addEventListener('abort', abort);
    child.once('error', (cause) => fail(explainSpawnError(tool, cause)));
    child.once('close', (status) => {
      settle();
      const { stdout, stderr, failure } = output.finish();
      if (failure) reject(failure);
      else if (status === 0) resolve({ stdout, stderr });
      else reject(explainExit(command.argv, status, stderr));
    });
    // The command may end before it has read everything (EPIPE); its exit status says why.
    child.stdin?.on('error', () => {});
    child.stdin?.end(command.stdin ?? '');
  });
}

function collectOutput(child: ChildProcess, onLine: Command['onLine']) {
  let stdout = '';
  let stderr = '';
  let failure: Error | undefined;
  const attempt = (work: () => void) => {
    if (failure) return;
    try {
      work();
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      killGroup(child);
    }
  };
  const take = (chunk: string) => {
    stdout += chunk;
    if (onLine) {
      const lines = stdout.split('\n');
      stdout = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    }
    if (stdout.length > STDOUT_BYTES_MAX) throw new EnforcementError('bad_output', 'a command printed without end');
  };
  child.stdout?.setEncoding('latin1').on('data', (chunk: string) => attempt(() => take(chunk)));
  child.stderr?.setEncoding('latin1').on('data', (chunk: string) => {
    if (stderr.length < STDERR_BYTES_MAX) stderr = (stderr + chunk).slice(0, STDERR_BYTES_MAX);
  });
  return {
    finish() {
      if (!onLine) return { stdout, stderr, failure };
      if (stdout !== '') attempt(() => onLine(stdout));
      return { stdout: '', stderr, failure };
    },
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended in between.
  }
}

function explainSpawnError(tool: string, cause: Error): EnforcementError {
  const code = codeOf(cause);
  if (code === 'ENOENT') return missingTool(tool, cause);
  if (code === 'EACCES') return new EnforcementError('no_permission', `${tool} may not be executed`, { cause });
  return new EnforcementError('kernel_refused', `${tool} could not be started: ${cause.message}`, { cause });
}

function missingTool(tool: string, cause?: Error): EnforcementError {
  if (tool.includes('/')) {
    const message = `${tool} is not there, or what runs it is not: correct firewall.exec or firewall.nginx`;
    return new EnforcementError('missing_tool', message, { cause });
  }
  const packages = /^ip(6?tables|set)/.test(tool) ? 'iptables ipset' : tool.replace(/^nft$/, 'nftables');
  return new EnforcementError('missing_tool', `${tool} is not installed: apt-get install ${packages}`, { cause });
}

/** Told apart by text first: iptables uses status 4 for a held lock and for most of the kernel's refusals (iptables(8), xtables.h). */
const CAUSES: readonly (readonly [RegExp, EnforcementErrorCode, string])[] = [
  [
    /can't open lock file .*(permission denied|read-only)/i,
    'no_permission',
    'iptables-legacy shares this lock with others and only root may make it: touch /run/xtables.lock (the unit does)',
  ],
  [
    /\[emerg\].*(permission denied|read-only file system)/i,
    'no_permission',
    'the service lacks what nginx needs to test its configuration: docs/behind-a-proxy.md has the lines for its unit',
  ],
  [
    /permission denied|operation not permitted|must be root/i,
    'no_permission',
    'run zban as root or give it CAP_NET_ADMIN and CAP_NET_RAW',
  ],
  [/xtables lock|temporarily unavailable/i, 'lock_held', 'another program holds the xtables lock; zban tries again'],
  [/(hash|set) is full/i, 'set_full', 'raise bans.max_active'],
];

function explainExit(argv: readonly string[], status: number | null, stderr: string): EnforcementError {
  const tool = argv[0] ?? '';
  const said = readable(stderr);
  const found = CAUSES.find(([pattern]) => pattern.test(stderr));
  if (found) return new EnforcementError(found[1], `${tool}: ${said}; ${found[2]}`);
  // A wrapper such as env(1) did not find the tool.
  if (status === 127) return missingTool(tool);
  if (status === 4 && said === '')
    return new EnforcementError('lock_held', `${tool} ended with status 4: no resources`);
  const ended = status === null ? 'was killed' : `ended with status ${status}`;
  return new EnforcementError('kernel_refused', `${tool} ${ended}${said === '' ? '' : `: ${said}`}`);
}

/** One line of at most 300 printable characters: messages end up in logs, Slack and the audit trail. */
function readable(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '' && !/^(# Warning|Try `|Error occurred)/.test(line));
  return lines
    .join('; ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 300)
    .trim();
}
