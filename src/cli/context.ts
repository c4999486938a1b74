/** What every command gets: options that all share, the outside world as arguments. */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { defaultConfig, type LoadedConfig, loadConfig, loadSections } from '../config/load.ts';
import { type ConfigProblem, formatProblem } from '../config/problem.ts';
import type { Config } from '../config/schema.ts';
import { nameOperator, type Peer } from '../control/peer.ts';
import type { Log } from '../model/log.ts';
import { printable } from '../model/text.ts';
import { DEFAULT_CONFIG, isPermitted, requirePermitted } from './config-path.ts';
import { CommandError, EXIT } from './exit.ts';
import type { Output } from './output.ts';

export interface Context {
  readonly output: Output;
  /** `--config`; undefined where the operator named none. */
  readonly configPath: string | undefined;
  readonly json: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
}

/** The configuration or what is wrong with it; a file that this user may not read ends the command with exit code 4. */
export function loadPermitted(context: Context): LoadedConfig {
  const loaded = loadConfig(requirePermitted(context));
  // Files of config.d as well.
  if (!loaded.ok) for (const { file } of loaded.problems) requirePermitted({ configPath: file });
  return loaded;
}

/** The configuration in force; with every problem as the message and exit code 78 where it is bad. */
export function requireConfig(context: Context): Config {
  const loaded = loadPermitted(context);
  if (loaded.ok) return loaded.config;
  throw badConfig(loaded.problems);
}

/** Where it was said that the configuration has mistakes: once in a command. */
const warned = new WeakSet<Context['output']>();

/**
 * The sections a command needs. Other sections may be wrong: lifting a ban must not wait for somebody to finish editing.
 * The operator is told; the running daemon keeps its old configuration all the while.
 */
export function requireSections<K extends keyof Config>(context: Context, names: readonly K[]): Pick<Config, K> {
  const loaded = loadPermitted(context);
  if (loaded.ok) return loaded.config;
  const sections = loadSections(context.configPath ?? DEFAULT_CONFIG, names);
  if (sections === undefined) throw badConfig(loaded.problems);
  if (!warned.has(context.output)) context.output.talk('zban: warning: the configuration has mistakes, see zban check');
  warned.add(context.output);
  return sections;
}

/**
 * Where the daemon listens. A file that cannot be parsed hides no more than a place that somebody chose, and the daemon
 * runs on with what it had: after the mistakes the usual place is asked. With --config another daemon may be meant.
 */
export function requireSocket(context: Context): string {
  try {
    return requireSections(context, ['control']).control.socket;
  } catch (error) {
    const isBad = error instanceof CommandError && error.exitCode === EXIT.badConfig;
    if (!isBad || context.configPath !== undefined) throw error;
    const { socket } = defaultConfig().config.control;
    context.output.talk(`${error.message}\nzban: warning: asking the daemon at ${socket} all the same`);
    return socket;
  }
}

/** The configuration, or its sections without mistakes where those are enough: nobody has to fix the others first. */
export function loadNecessary(context: Context): { readonly config: Config; readonly version: string } {
  const loaded = loadPermitted(context);
  if (loaded.ok) return loaded;
  const necessary = requireSections(context, ['state', 'audit', 'control', 'firewall']);
  const { config, version } = defaultConfig();
  const file = context.configPath ?? DEFAULT_CONFIG;
  const right = (Object.keys(config) as (keyof Config)[]).map((name) => loadSections(file, [name]));
  return { config: Object.assign(config, ...right, necessary), version };
}

/** Where parts of the daemon that a command uses report what is wrong. */
export function logOf({ output }: Context): Log {
  return (level, message) => {
    if (level === 'warn' || level === 'error') output.talk(`zban: ${printable(message)}`);
  };
}

function badConfig(problems: readonly ConfigProblem[]): CommandError {
  return new CommandError(EXIT.badConfig, problems.map(formatProblem).join('\n'));
}

/** As `requireConfig`, but the defaults where nothing was named and nothing is installed, or for others than this user. */
export function configOrDefaults(context: Context): Config {
  const isHidden = !isPermitted(DEFAULT_CONFIG);
  if (context.configPath !== undefined || (!isHidden && existsSync(DEFAULT_CONFIG))) return requireConfig(context);
  const why = isHidden ? `${DEFAULT_CONFIG} may not be read by this user` : `no ${DEFAULT_CONFIG}`;
  context.output.talk(`${why}: using the defaults`);
  return defaultConfig().config;
}

/** Who asks, for the audit trail: for root the person behind sudo. The daemon believes no more of it than the kernel says. */
export function operatorName({ SUDO_USER, USER, LOGNAME }: Context['env'], self: Peer = findSelf()): string {
  return nameOperator(self, SUDO_USER || USER || LOGNAME || '');
}

/** The part of an order that says who gives it, and why. */
export function whoAsks(
  { env }: Context,
  { reason = '' }: { readonly reason?: string | undefined },
): { readonly reason: string; readonly operator: string } {
  return { reason, operator: operatorName(env) };
}

function findSelf(): Peer {
  const uid = process.geteuid?.() ?? 0;
  try {
    return { uid, name: userInfo().username };
  } catch {
    // A uid without an entry in the password file, as in some containers.
    return { uid, name: undefined };
  }
}
