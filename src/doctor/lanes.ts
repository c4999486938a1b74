/** Does nginx do what lanes want of it? */
import type { Config } from '../config/schema.ts';
import { laneLines } from '../enforce/nginx-lanes.ts';
import { about, type Finding } from './finding.ts';
import type { NginxDump } from './nginx.ts';
import { parseNginxConfig } from './nginx-config.ts';

const { ok, warn, fail } = about('lanes');
/** The bucket of each lane that holds, and how much of it may come at once, for a block that limits requests itself. */
const OWN_LIMITS = [1, 2, 3, 4].map((number) => `limit_req zone=zban_hold_${number} burst=60 nodelay;`).join(' ');

/** Where lanes are usually named, for the advice. */
const USUAL_FILE = '/etc/nginx/zban-lanes.conf';

/** Nothing where no file is named for lanes, and none is needed. */
export function checkLanes({ firewall, swarm }: Config, dump: NginxDump): Finding[] {
  const file = firewall.nginx.lanes;
  if (file === undefined) return swarm.enabled && swarm.action !== 'alert' ? [explainMissing(swarm.action)] : [];
  // Why nginx's configuration could not be read, its own check says.
  if (dump.kind !== 'read') return [];
  const [http, server] = laneLines(file);
  if (!dump.text.includes(`\n# configuration file ${file}:\n`)) {
    const fix = `put "${http}" into nginx's http block, and for lanes that deny "${server}" into its servers; then: nginx -t && nginx -s reload`;
    return [fail(`nginx does not include ${file}: lanes stop nobody`, fix)];
  }
  const found: Finding[] = [];
  const nginx = parseNginxConfig(dump.text);
  if (!nginx.usesLane) {
    const message = 'nginx does not look at $zban_lane: lanes that hold work, those that deny stop nobody';
    found.push(warn(message, `put "${server}" into nginx's servers; then: nginx -t && nginx -s reload`));
  }
  if (nginx.ownLimits.length > 0) {
    const message = `lanes do not hold where servers and locations have limit_req lines of their own (zone ${nginx.ownLimits.join(', ')})`;
    found.push(warn(message, `put beside them: ${OWN_LIMITS}`));
  }
  return found.length > 0 ? found : [ok(`nginx includes ${file} and looks at $zban_lane`)];
}

function explainMissing(action: string): Finding {
  const [http, server] = laneLines(USUAL_FILE);
  const message = `swarm.action is ${action}, but nginx is not set up for it: only networks are stopped`;
  const fix = `set firewall.nginx.lanes: ${USUAL_FILE}, restart zban, put "${http}" into nginx's http block and "${server}" into its servers; docs/swarms.md`;
  return warn(message, fix);
}
