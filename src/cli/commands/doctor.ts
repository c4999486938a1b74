import { resolve } from 'node:path';
import { formatProblem } from '../../config/problem.ts';
import { ControlError } from '../../control/error.ts';
import { checkDaemon } from '../../doctor/daemon.ts';
import { about, type Finding } from '../../doctor/finding.ts';
import { checkFirewall } from '../../doctor/firewall.ts';
import { checkChannels, checkPlaces, checkSsh } from '../../doctor/host.ts';
import { checkLanes } from '../../doctor/lanes.ts';
import { checkLogs } from '../../doctor/logs.ts';
import { checkNginx, dumpNginx } from '../../doctor/nginx.ts';
import { checkPublishedLists } from '../../doctor/published-lists.ts';
import { checkService, findService } from '../../doctor/service.ts';
import { checkWho } from '../../doctor/who.ts';
import { EnforcementError } from '../../enforce/backend.ts';
import type { Ask } from '../../enforce/backend-kind.ts';
import { createCommandRunner } from '../../enforce/command.ts';
import { countOf } from '../../english/number.ts';
import { DEFAULT_CONFIG } from '../config-path.ts';
import { type Context, loadPermitted } from '../context.ts';
import { EXIT } from '../exit.ts';
import { findStatus } from '../reach-daemon.ts';
import { columnsOf } from '../style.ts';
import { formatParagraphs } from '../table.ts';

const COMMAND_TIMEOUT_MS = 5000;
const DAEMON_TIMEOUT_MS = 3000;
/** Of the configuration; zban check has them all. */
const WARNINGS_MAX = 3;

/**
 * `zban doctor`: everything zban depends on, one line each, with the command that fixes what is wrong. Changes nothing.
 * Exit code 0 without a failure, 1 with one, 78 when the configuration cannot be used.
 */
export async function doctor(context: Context): Promise<number> {
  const { output, json, env } = context;
  const loaded = loadPermitted(context);
  if (!loaded.ok) {
    const findings = loaded.problems.map((problem) =>
      about('configuration').fail(formatProblem(problem), 'zban check'),
    );
    report(context, findings);
    return EXIT.badConfig;
  }
  const { config, version } = loaded;
  const run = createCommandRunner({ timeoutMs: COMMAND_TIMEOUT_MS });
  const ask: Ask = async (...argv) => {
    const lines: string[] = [];
    try {
      await run({ argv: [...argv], onLine: (line) => lines.push(line) });
      return lines.join('\n');
    } catch (error) {
      if (error instanceof EnforcementError) return undefined;
      throw error;
    }
  };
  const answer = await findStatus(context, config.control.socket, DAEMON_TIMEOUT_MS);
  const status = answer instanceof ControlError ? undefined : answer;
  // The service is the zban of the default configuration; any other runs beside it.
  const service = isDefault(context) ? await findService(ask) : undefined;
  const nginx = await dumpNginx(config.firewall.nginx.test);
  const findings = [
    ...checkWarnings(loaded.warnings.map(formatProblem)),
    ...checkDaemon(config, version, answer, service),
    ...checkService(service),
    ...checkLogs(config, context.now()),
    ...checkNginx(config, nginx),
    ...checkLanes(config, nginx),
    ...(await checkFirewall({ config, status, ask })),
    checkSsh(config, env),
    ...checkChannels(config, env),
    ...checkPublishedLists(config),
    ...checkWho(config, context.now()),
    ...(config.fleet ? await (await import('../../doctor/fleet.ts')).checkFleet(config) : []),
    ...checkPlaces(config, status !== undefined, service),
  ];
  report(context, findings);
  const failures = findings.filter(({ level }) => level === 'fail').length;
  const warnings = findings.filter(({ level }) => level === 'warn').length;
  if (!json) output.talk(`${countOf(findings.length, 'check')}: ${failures} failed, ${countOf(warnings, 'warning')}`);
  return failures > 0 ? EXIT.failed : EXIT.done;
}

function isDefault({ configPath = DEFAULT_CONFIG }: Context): boolean {
  return resolve(configPath) === DEFAULT_CONFIG;
}

/** zban's own commands in a cure, for the configuration that was looked at. */
function commandsFor(context: Context, fix: string): string {
  return isDefault(context)
    ? fix
    : fix.replace(
        /\bzban (?=(?:run|check|doctor|status|audit|panic|notify) ?)/g,
        `zban --config ${context.configPath} `,
      );
}

/** After an upgrade there may be twenty of them, which would bury what else is found. */
function checkWarnings(warnings: readonly string[]): Finding[] {
  const told = warnings.length > WARNINGS_MAX ? warnings.slice(0, WARNINGS_MAX - 1) : warnings;
  const more = warnings.length - told.length;
  const rest = more === 0 ? [] : [`${more} more warnings`];
  return [...told, ...rest].map((message) => about('configuration').warn(message, 'zban check'));
}

function report(context: Context, found: readonly Finding[]): void {
  const { output, json } = context;
  const findings = found.map((finding) => ({ ...finding, fix: commandsFor(context, finding.fix) }));
  if (json) {
    output.json(findings);
    return;
  }
  const paragraphs = findings.flatMap(({ level, check, message, fix }) => [
    { label: level, text: `${check}: ${message}` },
    ...(fix === '' ? [] : [{ label: '', text: `-> ${fix}` }]),
  ]);
  output.data(formatParagraphs(paragraphs, columnsOf(process.stdout)));
}
