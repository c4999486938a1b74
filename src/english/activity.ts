/** What a client did in a few words, to follow a colon: `scanning for .env and phpinfo.php`. */

import type { JudgedNumbers } from '../model/judged-numbers.ts';
import { formatCount, formatNumber, formatPercent } from './number.ts';

const NAMES_MAX = 3;
/** Names that mean nothing to any program that shows them: no space, no markup, no escape. */
const SAFE_NAME = /^[\w.~/-]{1,40}$/;
const SAFE_PATH = /^\/[\w./~-]{0,60}$/;

/** Undefined for a decision without numbers, such as a person's, and for a condition that a newer version wrote. */
export function describeActivity(condition: string, numbers: JudgedNumbers): string | undefined {
  if (typeof numbers.rate !== 'number') return undefined;
  switch (condition) {
    case 'scan': {
      const names = probedNames(numbers);
      return names.length > 0 ? `scanning for ${joinNames(names)}` : `scanning for pages that do not exist`;
    }
    case 'brute_force': {
      const path = commonPath(numbers);
      return path === undefined ? 'brute force' : `brute force on ${path}`;
    }
    case 'scrape':
      return `scraping, ${sentIn(numbers)}`;
    case 'flood':
      return `flooding, ${sentIn(numbers)}`;
    case 'z_score':
    case 'multiplier':
      return numbers.learned?.mean === null
        ? `${sentIn(numbers)}, more than the default limit`
        : `${sentIn(numbers)}, ${formatNumber(numbers.multiple, 1)} times the usual rate`;
    case 'error_surge':
      return `${formatPercent(numbers.error_ratio)} of its ${formatCount(numbers.requests)} requests refused (4xx)`;
    case 'warmup_ceiling':
      return `${sentIn(numbers)} while zban is still learning`;
    default:
      return undefined;
  }
}

const sentIn = ({ requests, span_seconds, window_seconds }: JudgedNumbers): string =>
  `${formatCount(requests)} requests in ${formatNumber(span_seconds ?? window_seconds, 0)} s`;

/** The paths of its requests without their queries, refused ones only where there are any. */
function pathsOf({ samples = [] }: JudgedNumbers): string[] {
  const refused = samples.filter(({ status = 0 }) => status >= 400);
  return (refused.length > 0 ? refused : samples).flatMap(({ path }) => path?.replace(/[?#].*$/s, '') ?? []);
}

/** Last parts of the paths, each once; a hidden folder says more than the file in it: `.git/config`. */
function probedNames(numbers: JudgedNumbers): string[] {
  const names = pathsOf(numbers).map((path) => {
    const [folder = '', name = ''] = ['', ...path.split('/').filter((part) => part !== '')].slice(-2);
    return folder.startsWith('.') ? `${folder}/${name}` : name;
  });
  return [...new Set(names)].filter((name) => SAFE_NAME.test(name)).slice(0, NAMES_MAX);
}

/** The path that most of its requests were for. */
function commonPath(numbers: JudgedNumbers): string | undefined {
  const groups = Map.groupBy(pathsOf(numbers), (path) => path);
  const [[most = ''] = []] = [...groups].sort(([, a], [, b]) => b.length - a.length);
  return SAFE_PATH.test(most) ? most : undefined;
}

function joinNames(names: readonly string[]): string {
  return names.length === 1 ? `${names[0]}` : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
