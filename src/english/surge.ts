/** What a surge of the site looks like, in a sentence with its reasons; nothing in it comes from the log. */
import type { Sign, SignName } from '../site/site-signs.ts';
import type { SurgeSigns, Verdict } from '../site/site-verdict.ts';
import { formatNumber, formatPercent } from './number.ts';

const REASONS_MAX = 4;

const usually = ({ usual }: Sign): string => (usual === undefined ? '' : ` (usually ${formatPercent(usual)})`);
const share = ({ value }: Sign): string => formatPercent(value);
const count = (value: number | undefined): string => formatNumber(value ?? 0, 0);

const WORDS: Readonly<Record<SignName, (sign: Sign) => string>> = {
  files: (sign) => `${share(sign)} are for static files${usually(sign)}`,
  referers: (sign) => `${share(sign)} come from a page or link${usually(sign)}`,
  one_agent: (sign) => `one user agent sends ${share(sign)}${usually(sign)}`,
  strange_agents: (sign) =>
    `${share(sign)} come from ${count(sign.count)} kinds of user agents that are not usual here`,
  agents: ({ value, usual }) =>
    `${count(value)} kinds of user agents${usual === undefined ? '' : ` (usually ${count(usual)})`}`,
  refused: (sign) => `${share(sign)} are refused (4xx)${usually(sign)}`,
  again: (sign) => `${share(sign)} ask for the same path again`,
  onward: (sign) => `${share(sign)} of the clients ask for several paths`,
  networks: (sign) =>
    `${sign.count === 1 ? 'one network sends' : `${sign.count} networks send`} ${share(sign)}${usually(sign)}`,
  one_path: (sign) => `${share(sign)} ask for one path${usually(sign)}`,
  queries: (sign) => `${share(sign)} carry a query${usually(sign)}, nearly all of them different`,
};

/** What it is taken for while it lasts. */
export function looks(verdict: string | undefined): string {
  if (verdict === 'attack') return 'looks like a distributed attack';
  return verdict === 'visitors' ? 'looks like a crowd of visitors' : 'may be visitors or an attack';
}

export function describeSurge(verdict: Verdict, { ofNewClients, signs }: SurgeSigns): string {
  const reasons = (side: Sign['speaksFor']) =>
    signs
      .filter(({ speaksFor }) => speaksFor === side)
      .slice(0, REASONS_MAX)
      .map((sign) => WORDS[sign.name](sign))
      .join(', ');
  const whose = `of ${ofNewClients ? "new clients'" : 'the'} requests above normal, `;
  const said = `${looks(verdict)}: ${whose}`;
  if (verdict !== 'unclear') return `${said}${reasons(verdict)}`;
  const [attack, visitors] = [reasons('attack') || 'nothing', reasons('visitors') || 'nothing'];
  return `${said}for an attack: ${attack}; for visitors: ${visitors}`;
}
