/** The formats of lists, and which one a text is in. */
import { isDecisionHeader, parseDecisions } from './crowdsec.ts';
import { isFail2ban, parseFail2ban } from './fail2ban.ts';
import type { ImportFormat } from './format-names.ts';
import { parseJson } from './json.ts';
import type { BanList } from './list.ts';
import { parsePlain } from './plain.ts';

const PARSERS: Readonly<Record<ImportFormat, (text: string) => BanList>> = {
  plain: parsePlain,
  json: parseJson,
  crowdsec: parseDecisions,
  fail2ban: parseFail2ban,
};

/** Reads a list in the format given, or in the one it looks like. */
export function parseList(text: string, format: ImportFormat = detectFormat(text)): BanList {
  return PARSERS[format](text);
}

function detectFormat(text: string): ImportFormat {
  if (isFail2ban(text)) return 'fail2ban';
  if (/^\s*\[/.test(text)) return 'json';
  return isDecisionHeader(text.trimStart().split('\n')[0] ?? '') ? 'crowdsec' : 'plain';
}
