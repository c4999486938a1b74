/** What nginx's whole configuration (`nginx -T`) says about logs and about who may name a client's address. */

export interface NginxConfig {
  /** `access_log PATH FORMAT options…`, those that are off left out. */
  readonly accessLogs: readonly {
    readonly path: string;
    readonly format: string;
    readonly options: readonly string[];
    /** The block it stands in: of several lines in one block, each writes every request. */
    readonly block: number;
  }[];
  /** Bodies of `log_format`, by name. */
  readonly formats: ReadonlyMap<string, string>;
  /** Values of `set_real_ip_from`. */
  readonly realIpFrom: readonly string[];
  /** Value of the first `real_ip_header`. */
  readonly realIpHeader: string | undefined;
  /** Whether anything but a map looks at `$zban_lane`. */
  readonly usesLane: boolean;
  /** Zones of `limit_req` within servers and locations that do not have zban's beside them: such a block inherits none. */
  readonly ownLimits: readonly string[];
}

/** Reads the directives that matter; blocks and everything else are passed over. */
export function parseNginxConfig(text: string): NginxConfig {
  const accessLogs: { path: string; format: string; options: string[]; block: number }[] = [];
  const formats = new Map<string, string>();
  const realIpFrom: string[] = [];
  let realIpHeader: string | undefined;
  let usesLane = false;
  const limits = new Map<number, string[]>();
  for (const { block, depth, words: directive } of directives(text)) {
    const [name, ...words] = directive;
    const [first = '', second = '', ...rest] = words;
    if (name === 'access_log' && first !== 'off')
      accessLogs.push({ path: first, format: second || 'combined', options: rest, block });
    else if (name === 'log_format') formats.set(first, [second, ...rest].join(''));
    else if (name === 'set_real_ip_from') realIpFrom.push(first);
    else if (name === 'real_ip_header') realIpHeader ??= first;
    // Within http, which is the first level, zban's own lines are inherited or stand beside them.
    else if (name === 'limit_req' && depth > 1) {
      const zone = words.find((word) => word.startsWith('zone='))?.slice('zone='.length) ?? '';
      limits.set(block, [...(limits.get(block) ?? []), zone]);
    }
    if (name !== 'map') usesLane ||= words.some((word) => word.includes('$zban_lane'));
  }
  const own = [...limits.values()].filter((zones) => !zones.some((zone) => zone.startsWith('zban_hold_')));
  return { accessLogs, formats, realIpFrom, realIpHeader, usesLane, ownLimits: [...new Set(own.flat())] };
}

/** Words of each directive, with the number of its block and how deep that lies: quotes are taken off, comments left out. */
function* directives(text: string): Generator<{ block: number; depth: number; words: string[] }> {
  let words: string[] = [];
  const blocks = [0];
  let opened = 0;
  for (const [token, , quoted1, quoted2] of text.matchAll(
    /(#[^\n]*)|"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|[;{}]|(?:[^\s;{}"'#]|(?<=\S)[#"'])+/g,
  )) {
    if (token.startsWith('#')) continue;
    if (token === ';' || token === '{' || token === '}') {
      if (words.length > 0) yield { block: blocks.at(-1) ?? 0, depth: blocks.length - 1, words };
      words = [];
      if (token === '{') blocks.push(++opened);
      else if (token === '}' && blocks.length > 1) blocks.pop();
    } else words.push(quoted1 ?? quoted2 ?? token);
  }
}
