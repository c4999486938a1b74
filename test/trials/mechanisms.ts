/** The mechanisms of the rules for clients, each with the edit of the source that takes it out. */
import { readFileSync } from 'node:fs';
import { type Edit, SRC } from './constants.ts';

interface Mechanism {
  readonly name: string;
  /** Below src. */
  readonly file: string;
  /** Stands there once; and what stands there without the mechanism. */
  readonly code: string;
  readonly without: string;
}

const MECHANISMS: readonly Mechanism[] = [
  ['habits', 'detect/habits.ts', 'const PATHS = 16;', 'const PATHS = 1;'],
  [
    'proxies in private networks',
    'decide/proxy-watch.ts',
    '): boolean {\n    const busiest',
    '): boolean {\n    return false;\n    const busiest',
  ],
  ['networks', 'detect/networks.ts', 'if (reached <= limit || found) continue;', 'continue;'],
  ['network: guesses answered differently', 'detect/networks.ts', '&& !level.noteAnswer(row, bytes)', '&& false'],
  ['allowance', 'detect/client-state.ts', 'const ALLOWANCE_MAX = 2.2;', 'const ALLOWANCE_MAX = 1;'],
  ['bare clients', 'detect/observer.ts', '= site.showsBrowsers && referrer === 0 && clients.isBare(slot);', '= false;'],
  [
    'outage',
    'detect/observer.ts',
    'request.excused = site.outage.excuses(request.status);',
    'request.excused = false;',
  ],
  ['strangers make no outage', 'detect/points.ts', 'request.known && (isServed || site.outage.isOn)', 'request.known'],
  ['warm-up', 'detect/site-knowledge.ts', '= [3, 3600];', '= [1, 3600];'],
  [
    'what visits teach is taken back',
    'detect/points.ts',
    'this.site.paths.takeBack(this.newest.at, this.newest.bit);',
    '',
  ],
  ['suspects teach nothing', 'detect/points.ts', 'const SUSPECT_SHARE = 0.5;', 'const SUSPECT_SHARE = 1e9;'],
  ['leniency', 'detect/points.ts', 'const isMild = !isHostile &&', 'const isMild = false &&'],
  ['verified robots', 'detect/points.ts', 'request.verified = robot === VERIFIED;', 'request.verified = false;'],
  ['robots.txt', 'detect/observer.ts', 'if (request.page === this.robotsTxt) clients.mark(slot, POLITE);', ''],
  ['scan: given back', 'detect/points.ts', 'if (request.served && buckets.level(slot, SCAN) > 0) {', 'if (false) {'],
  [
    'scan: counted by estimate',
    'detect/refusals.ts',
    'return Math.min(CROWDED_MAX, BITS / (BITS - full));',
    'return 1;',
  ],
  ['scan: code in URLs', 'detect/scan.ts', 'if (request.payload && !request.known) return request.newlyTried;', ''],
  ['scan: redirect and refusal', 'detect/scan.ts', 'else if (request.led) points -= DIVERTED;', ''],
  ['scan: polled with a counter or the time', 'detect/observer.ts', '|| request.asked || polls', '|| request.asked'],
  ['scan: writing', 'detect/scan.ts', '!request.refused || request.writing', '!request.refused'],
  ['scan: refused to others, too', 'detect/scan.ts', 'request.known || request.likewise', 'request.known'],
  [
    'scan: redirected again',
    'detect/scan.ts',
    'if (request.redirected && request.again && !request.counting) points *= LIKEWISE;',
    '',
  ],
  ['scan: others redirected, too', 'detect/points.ts', 'request.refused || request.redirected;', 'request.refused;'],
  ['brute_force: usual to repeat', 'detect/brute-force.ts', 'if (usualToRepeat) return HARDLY;', ''],
  ['brute_force: varied answers', 'detect/brute-force.ts', 'BY_VARIETY[varied]', '1'],
  [
    'brute_force: no session where one signs in',
    'detect/brute-force.ts',
    'request.wasServed && !request.login;',
    'request.wasServed;',
  ],
  [
    'brute_force: sent on from a form',
    'detect/client-state.ts',
    'sentOn && forms > 0 && loads > forms ? 2',
    'false ? 2',
  ],
  ['brute_force: keys in headers', 'detect/brute-force.ts', 'return weighDemand(request);', 'return 0;'],
  ['brute_force: PUT and PATCH', 'detect/brute-force.ts', '&& !isSecretChange(request)', ''],
  ['scrape: records in turn', 'detect/scrape.ts', 'return request.counting ? weighNumber(request) : 0;', 'return 0;'],
  [
    'scrape: a counter that is answered alike',
    'detect/observer.ts',
    '(clients.noteRecord(slot, request.size) || !request.fromOwnPage);',
    'true;',
  ],
  ['scrape: answers of one size', 'detect/scrape.ts', 'if (request.sameAnswer)', 'if (false)'],
  ['scrape: polite', 'detect/scrape.ts', 'request.bare && request.gap < POLITE_SECONDS', 'request.bare'],
  ['flood: the same again', 'detect/flood.ts', 'const USUAL = 0.07;', 'const USUAL = ANY;'],
  ['flood: news in a few bytes', 'detect/flood.ts', 'Math.max(VARIOUS, USUAL * legibility)', 'USUAL'],
  ['flood: tiles of a map', 'detect/flood.ts', 'const TILE = 0.05;', 'const TILE = USUAL;'],
  ['flood: what others are served', 'detect/flood.ts', ': known ? VARIOUS :', ':'],
  [
    'the window',
    'detect/client-rules.ts',
    'if (weight < this.weightMin) return undefined;',
    'if (weight < 1e9) return undefined;',
  ],
].map(([name, file, code, without]) => ({ name, file, code, without }) as Mechanism);

/** The edits that take out one mechanism each. Throws where the source no longer has what one says. */
export function listMechanisms(): Edit[] {
  return MECHANISMS.map(({ name, file, code, without }) => {
    const parts = readFileSync(new URL(file, SRC), 'utf8').split(code);
    if (parts.length !== 2) throw new Error(`${name}: ${file} has ${parts.length - 1} times: ${code}`);
    const from = parts[0]?.length ?? 0;
    return { file, name, change: 'none', from, to: from + code.length, text: without };
  });
}
