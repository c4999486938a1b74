/** How the running daemon is. */
import type { Config } from '../config/schema.ts';
import { ControlError } from '../control/error.ts';
import { describeTripped } from '../english/fuse.ts';
import { countOf } from '../english/number.ts';
import type { Status } from '../model/status.ts';
import { about, type Finding } from './finding.ts';
import { reloadWith, restartWith, type Service, startWith } from './service.ts';

const { ok, warn, fail } = about('daemon');
const LAG_SECONDS_MAX = 60;

/** `status` says why where no daemon answers; `version` is that of the configuration on disk. */
export function checkDaemon(
  config: Config,
  version: string,
  status: Status | ControlError,
  service?: Service,
): Finding[] {
  if (status instanceof ControlError) return [explainSilence(status, service)];
  const found: Finding[] = status.troubles.map((trouble) => fail(trouble, 'zban status shows when it is over'));
  if (status.config_version !== version) {
    found.push(warn('runs with an older configuration than the one on disk', reloadWith(service)));
  }
  if (status.log_lag_seconds !== null && status.log_lag_seconds > LAG_SECONDS_MAX) {
    found.push(
      warn(`is ${status.log_lag_seconds} s behind the log`, 'see zban status for load, and nginx for buffer='),
    );
  }
  if (status.mode === 'observe') {
    const why = config.mode === 'enforce' ? 'zban panic is in force' : 'mode is observe';
    const fix =
      config.mode === 'enforce' ? 'zban panic --end' : `mode: enforce in config.yaml, then: ${reloadWith(service)}`;
    found.push(warn(`bans nobody: ${why}`, fix));
  }
  if (status.fleet?.state === 'left')
    found.push(warn(`has left the fleet ${status.fleet.name}: this host judges alone`, reloadWith(service)));
  if (status.fuse_tripped)
    found.push(
      fail(
        `the fuse is tripped until ${status.fuse_until}: ${describeTripped(status.profile)}`,
        'zban audit --lines 50 shows who would have been banned; zban fuse reset ends it now; bans.max_per_minute and bans.max_share are its limits',
      ),
    );
  return found.length > 0
    ? found
    : [
        ok(
          `${status.state}, ${countOf(status.lines_total, 'line')} read, ${countOf(status.active_bans, 'ban')} in force`,
        ),
      ];
}

function explainSilence({ code, message }: ControlError, service: Service | undefined): Finding {
  switch (code) {
    case 'not_running':
      return fail('is not running: nobody is judged, nobody new is banned', startWith(service));
    case 'no_permission':
      return warn('was not asked: this user may not use its socket', 'sudo zban doctor');
    default:
      return fail(message, `journalctl -u zban -n 20 may say why; then: ${restartWith(service)}`);
  }
}
