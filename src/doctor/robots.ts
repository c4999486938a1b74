/** By what list search engines and other robots are verified. */
import type { Config } from '../config/schema.ts';
import { findRobots, shippedRobotsDate } from '../host/robots.ts';
import { type Finding, ok, warn } from './finding.ts';

export function checkRobots({ detection }: Pick<Config, 'detection'>): Finding {
  const check = 'robots';
  const { verify, list } = detection.robots;
  if (!verify) return ok(check, 'none is verified (detection.robots.verify)');
  let trouble: string | undefined;
  const robots = findRobots(detection.robots, (message) => {
    trouble = message;
  });
  const shipped = `the list that comes with zban, of ${shippedRobotsDate()}`;
  if (trouble !== undefined)
    return warn(check, `${trouble}; ${shipped}, is in force`, 'correct or remove detection.robots.list');
  const source = list ?? shipped;
  return ok(check, `${robots.size} are known, with ${robots.networks.length} networks: ${source}`);
}
