/**
 * Honest strangers who load no files and come all at once: previews of a link that spreads, players of a new episode, downloads of
 * a release, monitors. They ask for one thing, by a plain address: for a file, or as programs that say they are robots.
 */
import { ASSET, GET, HEAD, INFO, METHOD_MASK, QUERY, ROBOT, SIZE, SIZE_UNKNOWN, STATUS_MASK } from '../parse/tally.ts';
import { TRAITS } from './look.ts';
import type { Line, Looks } from './swarm-lines.ts';

/** No page is as large; partial answers (206, RFC 9110) are of files too. */
const FILE_BYTES_MIN = 500_000;
const PARTIAL = 206;
const PATH = TRAITS.findIndex(({ name }) => name === 'path');

/** Which of the looks at `offsets` ask for something so that at least `least` of them do. */
export function findCrowds({ hashes, lines }: Looks, offsets: readonly number[], least: number): Set<number> {
  const counts = new Map<number, number>();
  const asked = offsets.filter((at) => isForCrowds(lines[at / TRAITS.length] as Line));
  for (const at of asked) counts.set(hashes[at + PATH] as number, (counts.get(hashes[at + PATH] as number) ?? 0) + 1);
  return new Set(asked.filter((at) => (counts.get(hashes[at + PATH] as number) as number) >= least));
}

function isForCrowds({ segment, at }: Line): boolean {
  const { rows } = segment.tally;
  const [info, size] = [rows[at + INFO] as number, rows[at + SIZE] as number];
  const [method, status] = [info & METHOD_MASK, info & STATUS_MASK];
  if ((method !== GET && method !== HEAD) || info & QUERY || status >= 400) return false;
  const isFile = status === PARTIAL || (size >= FILE_BYTES_MIN && size !== SIZE_UNKNOWN);
  return isFile || (info & (ASSET | ROBOT)) !== 0;
}
