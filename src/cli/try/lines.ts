/** What happens, as a story: one line for each decision, in words that need no manual. */

import { formatSeconds, formatSpan } from '../../english/duration.ts';
import { countOf } from '../../english/number.ts';
import { peakOf } from '../../english/site-reason.ts';
import { looks } from '../../english/surge.ts';
import type { AuditEntry } from '../../model/audit.ts';
import type { JudgedNumbers } from '../../model/judged-numbers.ts';
import { printable } from '../../model/text.ts';
import { createStyle, type Style } from '../style.ts';
import { cutText, formatClock, width } from '../text.ts';

const PATHS_SHOWN = 3;
const PATH_COLUMNS = 28;
/** What folding a line costs: an indent, and words that do not fill a line. */
const FOLD_COLUMNS = 20;

/** What the simulator's attacks are called. */
const ATTACKS: Readonly<Record<string, string>> = {
  flood: 'a flood',
  'rare-flood': 'a flood of rare pages',
  'post-flood': 'a flood of POSTs',
  ramp: 'a flood that grows slowly',
  distributed: 'a distributed flood',
  'distributed-near': 'a distributed flood from near networks',
  'distributed-random': 'a distributed flood with random agents',
  scanner: 'a vulnerability scan',
  'masked-scan': 'a vulnerability scan posing as a browser',
  'redirect-scan': 'a vulnerability scan answered by redirects',
  'slow-scan': 'a slow vulnerability scan',
  login: 'password guessing',
  xmlrpc: 'password guessing through XML-RPC',
  'api-scrape': 'scraping of the API',
  harvest: 'scraping of every page',
};

/** A line of the simulator: `attack: scanner from 203.0.113.9`; undefined for any other. */
export function describeAttack(said: string, nowMs: number, style: Style): string | undefined {
  const [, kind = '', from] = /^attack: (\S+) from (.+)$/.exec(said) ?? [];
  if (from === undefined) return undefined;
  return `${formatClock(nowMs)}  ${style.cyan('attack')}  ${ATTACKS[kind] ?? kind} begins, from ${printable(from)}`;
}

/** A row of the trail, in `columns` where fewer paths make it fit; undefined for what is no part of the story. */
export function describeEntry(entry: AuditEntry, style: Style, columns: number): string | undefined {
  const time = formatClock(entry.timeMs);
  switch (entry.action) {
    case 'ban': {
      const room = columns - time.length - 2;
      const plain = createStyle(false);
      const fits = (columns: number) => (paths: number) => width(describeBan(entry, plain, paths)) <= columns;
      const fewer = [PATHS_SHOWN, 2, 1];
      // Where it takes two lines in any case, those may be full.
      const shown = fewer.find(fits(room)) ?? (fits(room)(0) ? 0 : (fewer.find(fits(2 * room - FOLD_COLUMNS)) ?? 0));
      return `${time}  ${describeBan(entry, style, shown)}`;
    }
    case 'global_anomaly': {
      const { numbers } = entry;
      const isEnd = numbers.phase === 'end';
      const seconds = Number(numbers.duration_seconds ?? 0);
      return isEnd
        ? `${time}  ${style.green('site')}    back to normal after ${formatSpan(seconds * 1000)}, peak ${peakOf(numbers)}`
        : `${time}  ${style.yellow('site')}    unusual traffic, ${looks(numbers.verdict)}, peak ${peakOf(numbers)}; bans nobody by itself`;
    }
    case 'fuse':
    case 'trouble':
      return `${time}  ${style.yellow(entry.action)}  ${printable(entry.detail)}`;
    default:
      return undefined;
  }
}

function describeBan(
  { client, condition, numbers, durationSeconds, enforced }: AuditEntry & { action: 'ban' },
  style: Style,
  paths: number,
): string {
  const long = formatSeconds(durationSeconds);
  const verb = enforced ? 'banned' : 'would be banned';
  const seen = typeof numbers?.requests === 'number' && numbers.requests > 0;
  const what = seen
    ? `${pathsOf(numbers, paths)}${countOf(numbers.requests, 'request')} in ${numbers.span_seconds} s · `
    : '';
  return `${style.red('ban')}     ${style.bold(condition ?? '')} · ${printable(client ?? '')} · ${what}${verb} ${long === 'permanent' ? 'permanently' : long}`;
}

/** The paths of its newest requests by their last part: `.env, phpinfo.php … `. */
function pathsOf({ samples = [] }: JudgedNumbers, most: number): string {
  const names = samples.map(({ path = '' }) => {
    const whole = path.split('?', 1)[0] ?? '';
    return printable(cutText(whole.split('/').filter(Boolean).at(-1) ?? '/', PATH_COLUMNS));
  });
  const different = [...new Set(names)];
  if (different.length === 0 || most === 0) return '';
  return `${different.slice(0, most).join(', ')}${different.length > most ? ' …' : ''} · `;
}
