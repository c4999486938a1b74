import { formatProblem } from '../../config/problem.ts';
import type { Config } from '../../config/schema.ts';
import { checkPublishedLists } from '../../doctor/published-lists.ts';
import { countOf } from '../../english/number.ts';
import { openChannels } from '../../notify/channels.ts';
import { toSourceError } from '../../source/source-error.ts';
import { TailedFile } from '../../source/tailed-file.ts';
import { type Context, loadPermitted } from '../context.ts';
import { EXIT } from '../exit.ts';
import { findPlaceDoubts } from '../place-doubts.ts';

/**
 * `zban check`: every problem of the configuration at once, exit code 78; what is only doubtful, or may still come right
 * before it matters (a log that is not there yet), is a warning. Never prints a secret.
 */
export async function check(context: Context): Promise<number> {
  const { output, json } = context;
  const loaded = loadPermitted(context);
  if (!loaded.ok) {
    if (json) output.json({ ok: false, problems: loaded.problems, warnings: [] });
    for (const problem of loaded.problems) output.talk(formatProblem(problem));
    const count = loaded.problems.length;
    output.talk(`${countOf(count, 'problem')}: zban will not start with this configuration`);
    return EXIT.badConfig;
  }
  const { config, version, files } = loaded;
  const warnings = [...loaded.warnings.map(formatProblem), ...(await warningsOfHost(config, context.env))];
  const { mode, profile, sensitivity } = config;
  if (json) output.json({ ok: true, version, files, mode, profile, sensitivity, problems: [], warnings });
  for (const warning of warnings) output.talk(`warning: ${warning}`);
  const inForce = `version ${version}, mode ${mode}, profile ${profile}, sensitivity ${sensitivity}`;
  if (!json) output.say(`${files.join(', ')}: OK (${inForce})`);
  return EXIT.done;
}

async function warningsOfHost(config: Config, env: Context['env']): Promise<readonly string[]> {
  const warnings: string[] = [...(await findPlaceDoubts(config))];
  for (const { path } of config.logs) {
    const doubt = doubtOfLog(path);
    if (doubt !== undefined) warnings.push(`logs: ${path} ${doubt}`);
  }
  for (const channel of openChannels(config.notify, env)) {
    if ('problem' in channel) warnings.push(`${channel.problem}: channel ${channel.name} gets no messages`);
    else warnings.push(...channel.warnings);
  }
  const lists = checkPublishedLists(config).filter(({ level }) => level === 'warn');
  return [...warnings, ...lists.map(({ message, fix }) => `${message}; ${fix}`)];
}

function doubtOfLog(path: string): string | undefined {
  if (/[*?[\]{}]/.test(path)) return undefined;
  try {
    // Opened, not asked with access(2), which leaves out the service's capabilities.
    new TailedFile(path, 0).close();
    return undefined;
  } catch (error) {
    const { code, words, fix } = toSourceError(path, error);
    if (code === 'missing') return 'is not there yet: zban waits for it';
    return code === 'permission_denied' ? 'may not be read by this user' : `cannot be followed: ${words}; ${fix}`;
  }
}
