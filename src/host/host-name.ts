/** The host name of an address, and whether it is the address's own: anybody may write any name into reverse DNS. */
import { parsePrefix } from '../net/prefix.ts';
import { inTime } from './in-time.ts';
import { findNames, hasAddress, type RobotResolver } from './robot-dns.ts';

export interface HostName {
  readonly name: string;
  /** True when the name has the address in turn. */
  readonly confirmed: boolean;
}

/** RFC 1035 section 2.3.4. */
const NAME_LENGTH_MAX = 253;

/** Undefined for a network, for an address without a name, and where DNS did not answer within `timeoutMs`. Never rejects. */
export function findHostName(
  address: string,
  resolver: RobotResolver,
  timeoutMs: number,
): Promise<HostName | undefined> {
  return inTime(ask(address, resolver), timeoutMs, undefined);
}

async function ask(address: string, resolver: RobotResolver): Promise<HostName | undefined> {
  const wanted = parsePrefix(address);
  if (!wanted || wanted.bits !== (wanted.family === 4 ? 32 : 128)) return undefined;
  const [name] = (await findNames(wanted, resolver)) ?? [];
  if (name === undefined || name === '' || name.length > NAME_LENGTH_MAX) return undefined;
  return { name, confirmed: (await hasAddress(name, wanted, resolver)) ?? false };
}
