/** The lanes that are open, in a file that nginx includes: one reload for each that opens or ends, none for a client. */
import { LANES_MAX } from '../model/lane.ts';
import { EnforcementError } from './backend.ts';
import { NginxInclude, type NginxProgram } from './nginx-include.ts';
import { formatLaneFile, type NginxLane } from './nginx-lane-text.ts';

const EMPTY = formatLaneFile({ lanes: [], exempt: [], ownStatus: false });

export interface NginxLanesOptions extends NginxProgram {
  /** `firewall.nginx.lanes`. */
  readonly file: string;
}

/** What an operator adds to nginx's configuration; `deny` needs the second. */
export function laneLines(file: string): readonly [http: string, server: string] {
  return [`include ${file};`, 'if ($zban_lane = deny) { return 444; }'];
}

/** Every method rejects with EnforcementError only. */
export class NginxLanes {
  private readonly options: NginxLanesOptions;
  private readonly include: NginxInclude;

  constructor(options: NginxLanesOptions) {
    this.options = options;
    const [http, server] = laneLines(options.file);
    const where = `put "${http}" into its http block, and for deny "${server}" into its servers`;
    this.include = new NginxInclude({ ...options, empty: EMPTY, where });
  }

  /** Makes the file where there is none, without lanes, so that nginx can include it. */
  async setUp(): Promise<void> {
    if ((await this.include.read()) === undefined) await this.include.write(EMPTY);
  }

  /** Has nginx stop what these lanes match, except for the networks of `exempt`, and nothing else. */
  async apply(lanes: readonly NginxLane[], exempt: readonly string[]): Promise<void> {
    const before = await this.include.read();
    // Who never opened a lane need not have set nginx up for them.
    if (lanes.length === 0 && (before === undefined || before === EMPTY)) return;
    if (lanes.length > LANES_MAX) throw new EnforcementError('set_full', `nginx takes ${LANES_MAX} lanes: drop one`);
    const ownStatus = lanes.length > 0 && !(await this.hasLimits());
    const text = formatLaneFile({ lanes, exempt, ownStatus });
    if (text !== before || text !== this.include.loaded) await this.include.load(text);
  }

  /** Ends all lanes, also where nginx includes the file no more. */
  async clear(): Promise<void> {
    await this.include.clear((text) => text === EMPTY);
  }

  /** Whether the operator limits requests too. */
  private async hasLimits(): Promise<boolean> {
    let found = false;
    await this.include.dump((from, line) => {
      found ||= from !== this.options.file && /^\s*limit_req(_status|_log_level)?\s/.test(line);
    });
    return found;
  }
}
