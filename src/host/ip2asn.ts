/** Reads tables of IPtoASN: lines of first address, last address, AS number, country and name, with tabs between (https://iptoasn.com). */
import type { NetworkOwner } from '../model/who.ts';
import { type Prefix, parsePrefix } from '../net/prefix.ts';
import { type OwnedRange, WhoTableError } from './who-table.ts';

/** The lines that name an owner. Throws WhoTableError with the number of the first line that is none of these. */
export function parseIp2asn(text: string, path: string): OwnedRange[] {
  const ranges: OwnedRange[] = [];
  const owners = new Map<string, NetworkOwner>();
  // A line at a time: all of them at once would take as much memory again.
  for (let [at, number] = [0, 1]; at < text.length; number++) {
    const end = text.indexOf('\n', at);
    const line = text.slice(at, end < 0 ? undefined : end);
    at = end < 0 ? text.length : end + 1;
    if (line.trim() === '' || line.startsWith('#')) continue;
    const range = parseLine(line.replace(/\r$/, ''), owners);
    if (range === undefined) {
      const expected = 'first address, last address, AS number, country, name, with tabs between them';
      throw new WhoTableError('unusable', `${path}, line ${number}: expected ${expected}`);
    }
    // AS 0 is what nobody announces.
    if (range.owner.asn > 0) ranges.push(range);
  }
  return ranges;
}

function parseLine(line: string, owners: Map<string, NetworkOwner>): OwnedRange | undefined {
  const [first = '', last = '', system = '', country = '', name = ''] = line.split('\t');
  const [from, to] = [parseAddress(first), parseAddress(last)];
  const asn = /^(AS)?\d{1,10}$/.test(system) ? Number(system.replace('AS', '')) : undefined;
  if (!from || !to || from.family !== to.family || from.value > to.value) return undefined;
  if (asn === undefined || asn > 0xffff_ffff) return undefined;
  const key = `${asn} ${country} ${name}`;
  const owner = owners.get(key) ?? { asn, name, country: /^[A-Z]{2}$/.test(country) ? country : '' };
  owners.set(key, owner);
  return { family: from.family, first: from.value, last: to.value, owner };
}

function parseAddress(text: string): Prefix | undefined {
  return text.includes('/') ? undefined : parsePrefix(text);
}
