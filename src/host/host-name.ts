/** The host name of an address, and whether it is the address's own: anybody may write any name into reverse DNS. */
import { parsePrefix } from '../net/prefix.ts';
import { answerOf, isSame, type RobotResolver, reverseName } from './robot-dns.ts';

export interface HostName {
  readonly name: string;
  /** True when the name has the address in turn. */
  readonly confirmed: boolean;
}

/** RFC 1035 section 2.3.4. */
const NAME_LENGTH_MAX = 253;

/** Undefined for a network, for an address without a name, and where DNS did not answer within `timeoutMs`. Never rejects. */
export async function findHostName(
  address: string,
  resolver: RobotResolver,
  timeoutMs: number,
): Promise<HostName | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, undefined);
  });
  try {
    return await Promise.race([ask(address, resolver), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function ask(address: string, resolver: RobotResolver): Promise<HostName | undefined> {
  const wanted = parsePrefix(address);
  if (!wanted || wanted.bits !== (wanted.family === 4 ? 32 : 128)) return undefined;
  const [first] = (await answerOf(() => resolver.resolvePtr(reverseName(wanted)))) ?? [];
  const name = first?.toLowerCase().replace(/\.$/, '');
  if (name === undefined || name === '' || name.length > NAME_LENGTH_MAX) return undefined;
  const addresses = await answerOf(() => (wanted.family === 6 ? resolver.resolve6(name) : resolver.resolve4(name)));
  return { name, confirmed: (addresses ?? []).some((one) => isSame(parsePrefix(one), wanted)) };
}
