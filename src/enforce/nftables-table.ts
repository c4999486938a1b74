/** zban's own nftables table: what to write, and what stands otherwise than it should (nft(8)). Pure. */
import { formatPrefix, parsePrefix, WIDTH } from '../net/prefix.ts';
import { type Family, targetFamily } from './target.ts';

const CHAIN = 'prerouting';
/**
 * Before connection tracking and Docker's DNAT (NF_IP_PRI_CONNTRACK -200, NF_IP_PRI_NAT_DST -100 in netfilter_ipv4.h):
 * packets of established connections and to published ports are seen, with the client's own address and the port it asked for.
 */
const HOOK = 'type filter hook prerouting priority -300; policy accept;';

/** The table of a configured chain. */
export function tableName(chain: string): string {
  return chain.toLowerCase();
}

/**
 * The set of a target: one for each family and prefix length. A hash of each length, as ipset's hash:net has them inside,
 * lets a ban lie in another and end by itself; an interval set would merge or refuse them.
 */
export function setName(target: string): string {
  const family = targetFamily(target);
  const slash = target.indexOf('/');
  return `ipv${family}_${slash < 0 ? WIDTH[family] : target.slice(slash + 1)}`;
}

/** Family and prefix length of a set of zban's; undefined for other names. */
export function parseSetName(
  name: string,
): { readonly family: Family; readonly bits: number; readonly isFull: boolean } | undefined {
  const [, digit, length] = /^ipv([46])_(\d{1,3})$/.exec(name) ?? [];
  if (digit === undefined) return undefined;
  const [family, bits]: [Family, number] = [digit === '4' ? 4 : 6, Number(length)];
  return bits > WIDTH[family] ? undefined : { family, bits, isFull: bits === WIDTH[family] };
}

/** zban's table as listed. */
export interface NftTable {
  /** Bodies of the sets, by name. */
  readonly sets: ReadonlyMap<string, string>;
  /** The chain's hook and rules; empty when it is not there. */
  readonly chain: readonly string[];
}

/** Takes the lines of `nft -s -t list ruleset inet`; other people's tables are forgotten at once. */
export function createTableReader(table: string): {
  onLine: (line: string) => void;
  finish: () => NftTable | undefined;
} {
  const sets = new Map<string, string>();
  const chain: string[] = [];
  let [isFound, isInside] = [false, false];
  let [kind, name] = ['', ''];
  return {
    onLine(line) {
      const text = line.trim();
      if (line.startsWith('table ')) {
        isInside = line === `table inet ${table} {`;
        isFound ||= isInside;
      } else if (!isInside || text === '') return;
      else if (text === '}') kind = '';
      else if (kind === '') {
        [kind = '', name = ''] = text.split(' ');
        if (kind === 'set') sets.set(name, '');
      } else if (kind === 'set') sets.set(name, `${sets.get(name)}${text}\n`);
      else if (kind === 'chain' && name === CHAIN) chain.push(text);
    },
    finish: () => (isFound ? { sets, chain } : undefined),
  };
}

/** Sets of the table that can hold zban's bans. */
export function fittingSets({ sets }: NftTable): string[] {
  return [...sets].filter(([name, body]) => isFitting(name, body)).map(([name]) => name);
}

function isFitting(name: string, body: string): boolean {
  const width = parseSetName(name);
  return width !== undefined && body.includes(`type ipv${width.family}_addr\n`) && body.includes('flags timeout\n');
}

/** What stands otherwise than it should, in words: the chain must hold its hook and exactly the rules of these sets. */
export function findFaults(table: NftTable | undefined, sets: ReadonlySet<string>, ports: readonly number[]): string[] {
  if (!table) return ['the table was missing'];
  const faults: string[] = [];
  const standing = fittingSets(table);
  for (const name of sets) {
    if (!standing.includes(name))
      faults.push(`set ${name} was ${table.sets.has(name) ? 'of another kind' : 'missing'}`);
  }
  const [hook, ...rules] = table.chain;
  if (hook === undefined) faults.push(`chain ${CHAIN} was missing`);
  else if (!/ hook prerouting priority (-300|raw); policy accept;$/.test(hook) || !areRules(rules, sets, ports)) {
    faults.push(`rules of chain ${CHAIN} were changed`);
  }
  return faults;
}

/** Versions of nft print expressions differently; which ports and sets a rule names, and what it does, is the same in all. */
function areRules(rules: readonly string[], sets: ReadonlySet<string>, ports: readonly number[]): boolean {
  const protect = ports.length === 0 ? 0 : 1;
  const drops = rules.slice(protect).map((rule) => /^ip6? saddr .*@(\w+) counter drop$/.exec(rule)?.[1] ?? '');
  if (drops.length !== sets.size || new Set(drops).size !== sets.size || !drops.every((name) => sets.has(name)))
    return false;
  if (protect === 0) return true;
  const listed = /^tcp dport (.*) accept$/.exec(rules[0] ?? '')?.[1]?.match(/\d+/g) ?? [];
  return listed.length === new Set(ports).size && listed.every((port) => ports.includes(Number(port)));
}

/** Makes the table as it should be, in one transaction; elements stay. */
export function tableLines(table: string, sets: Iterable<string>, ports: readonly number[]): string[] {
  return [
    `add table inet ${table}`,
    `add chain inet ${table} ${CHAIN} { ${HOOK} }`,
    `flush chain inet ${table} ${CHAIN}`,
    ...(ports.length > 0 ? [`add rule inet ${table} ${CHAIN} tcp dport { ${ports.join(', ')} } accept`] : []),
    ...[...sets].flatMap((name) => setLines(table, name)),
  ];
}

/** Creates a set and the rule that drops its members. */
export function setLines(table: string, name: string): string[] {
  const { family = 4, bits = 0, isFull } = parseSetName(name) ?? {};
  const ones = family === 4 ? '255.255.255.255' : 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff';
  const mask = parsePrefix(`${ones}/${bits}`);
  const source = isFull || !mask ? 'saddr' : `saddr & ${formatPrefix(mask).split('/')[0]}`;
  return [
    `add set inet ${table} ${name} { type ipv${family}_addr; flags timeout; }`,
    `add rule inet ${table} ${CHAIN} ${family === 4 ? 'ip' : 'ip6'} ${source} @${name} counter drop`,
  ];
}
