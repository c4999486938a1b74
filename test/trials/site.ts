/** What anybody who looks at a simulated site for a while knows about it. */
import type { AccessEvent } from '../../src/simulate/access-event.ts';
import { Random } from '../../src/simulate/random.ts';
import { type Asset, buildSite, type Page, type SiteKind } from '../../src/simulate/site.ts';
import { browserAgent } from '../../src/simulate/user-agents.ts';
import type { Need } from './trial.ts';

export interface TrialSite {
  readonly host: string;
  /** Requests a second after the fork. */
  readonly rateRps: number;
  /** URL of a popular page: the referer of what it makes a browser ask for. */
  readonly referer: string;
  readonly home: Asset;
  /** Static files of the popular pages. */
  readonly files: readonly Asset[];
  /** Most popular first. */
  readonly pages: readonly Asset[];
  /** Pages that hardly anybody reads. */
  readonly rarePages: readonly Asset[];
  /** Where visitors or authors sign in. */
  readonly login: string;
  /** User agents of visitors. */
  readonly browsers: readonly string[];
  /** What single visitors did after the fork, for crowds behind one address. */
  readonly visits: readonly (readonly AccessEvent[])[];
  readonly has: ReadonlySet<Need>;
}

const BROWSERS = 60;
const POPULAR = 40;
const RARE_FROM = 300;
const VISIT_MS = 1_800_000;

/** `after` is the background after its fork, `seconds` long. */
export function describeSite(kind: SiteKind, seed: number, after: readonly AccessEvent[], seconds: number): TrialSite {
  const site = buildSite(new Random(seed, 'site'), kind);
  const popular = site.pages.slice(0, POPULAR);
  const random = new Random(seed, 'browsers');
  return {
    host: site.host,
    rateRps: after.length / seconds,
    referer: `https://${site.host}${popular[1]?.path}`,
    home: pageOf(site.pages[0] as Page),
    files: [...site.theme, ...popular.slice(0, 3).flatMap(({ images }) => images)].slice(0, POPULAR),
    pages: popular.map(pageOf),
    rarePages: site.pages.slice(RARE_FROM).map(pageOf),
    login: kind === 'blog' ? '/blog/wp-login.php' : '/account/login',
    browsers: Array.from({ length: BROWSERS }, () => browserAgent(random)),
    visits: visitsOf(after),
    // An API, a file server and a mirror have next to no visitors with browsers.
    has: new Set(kind === 'shop' || kind === 'blog' ? ['files', 'pages'] : []),
  };
}

function pageOf({ path, bytes }: Page): Asset {
  return { path, bytes };
}

function visitsOf(events: readonly AccessEvent[]): AccessEvent[][] {
  const byClient = new Map<string, AccessEvent[]>();
  for (const event of events) {
    const { role, client } = event.from;
    if (role !== 'visitor' && role !== 'app') continue;
    const visit = byClient.get(client) ?? [];
    byClient.set(client, visit);
    if (event.timeMs - (visit[0]?.timeMs ?? event.timeMs) < VISIT_MS) visit.push(event);
  }
  return [...byClient.values()].filter((visit) => visit.length >= 3);
}
