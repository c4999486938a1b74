/** Reads tables of IPtoASN: lines of first address, last address, AS number, country and name, with tabs between (https://iptoasn.com). */
import type { NetworkOwner } from '../model/who.ts';
import { type Prefix, parsePrefix } from '../net/prefix.ts';
import { type OwnedRange, WhoTableError } from './who-table.ts';

/** A reader for lines one after the other; of a line that names no owner it makes nothing. It throws WhoTableError with the line's number. */
export function createIp2asnReader(path: string): (line: string) => OwnedRange | undefined {
  const owners = new Map<string, NetworkOwner>();
  let number = 0;
  return (line) => {
    number++;
    if (line.trim() === '' || line.startsWith('#')) return undefined;
    const range = parseLine(line, owners);
    if (range === undefined) {
      const expected = 'first address, last address, AS number, country, name, with tabs between them';
      throw new WhoTableError('unusable', `${path}, line ${number}: expected ${expected}`);
    }
    // AS 0 is what nobody announces.
    return range.owner.asn > 0 ? range : undefined;
  };
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
