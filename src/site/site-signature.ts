/** What stands out while the site as a whole is anomalous: what is more frequent than usual, and by how much. */
import type { ExcessEntry, GlobalAnomalyStart } from '../model/event.ts';
import { patternName } from '../parse/path-features.ts';
import { type Dimension, exactPath, isFile, type NamedLine, TRAITS } from './site-line.ts';
import { countKeys, mostFrequent, type SiteSample, type UsualShares } from './site-sample.ts';

const TOP = 5;
/** Over-represented is what has this share of the requests, and this many times its usual one. */
const SHARE_MIN = 0.05;
const TIMES_USUAL = 2;

/** What makes up more of the lines than usual, that which grew most first. */
function overRepresented(lines: readonly NamedLine[], usual: UsualShares, dimension: Dimension): ExcessEntry[] {
  const groups = new Map<number, { name: string; requests: number; several: boolean }>();
  for (const line of lines) {
    const name = line.names[dimension];
    const group = groups.get(line[dimension]);
    if (!group) groups.set(line[dimension], { name, requests: 1, several: false });
    else {
      group.requests++;
      if (group.name !== name) group.several = true;
    }
  }
  return [...groups]
    .map(([key, { name, requests, several }]) => ({
      name: several ? patternName(name) : name,
      requests,
      share: requests / lines.length,
      usualShare: usual.share(dimension, key) ?? null,
    }))
    .filter(({ share, usualShare }) => share >= SHARE_MIN && share > TIMES_USUAL * (usualShare ?? 0))
    .sort((a, b) => growth(b) - growth(a) || (a.name < b.name ? -1 : 1))
    .slice(0, TOP);
}

const growth = ({ share, usualShare }: ExcessEntry): number => share - (usualShare ?? 0);

type Signature = Pick<
  GlobalAnomalyStart,
  'topPrefixes' | 'topPaths' | 'topUserAgents' | 'newClientShare' | 'usualNewClientShare'
>;

/** Where one static file has this share of all lines, the surge is for files, and their paths are told. */
const FILE_SHARE = 0.3;

/** The signature of a surge, compared with a sample of usual lines; `knowsClients` is false while zban can't tell who is new. */
export function findSignature(lines: readonly NamedLine[], sample: SiteSample, knowsClients: boolean): Signature {
  const usual = sample.usual();
  // A page load has many files and one page: only that says where people went.
  const files = lines.filter(isFile);
  const pages = lines.filter((line) => !isFile(line));
  const [, most] = mostFrequent(countKeys(files.map(exactPath)));
  const isForFiles = most > FILE_SHARE * lines.length;
  const newcomers = lines.filter(({ traits }) => traits & TRAITS.newcomer).length;
  return {
    topPrefixes: overRepresented(lines, usual, 'network'),
    topPaths: overRepresented(isForFiles ? files : pages, sample.usual('file', isForFiles), 'path'),
    topUserAgents: overRepresented(lines, usual, 'agent'),
    newClientShare: knowsClients && lines.length > 0 ? newcomers / lines.length : null,
    usualNewClientShare: knowsClients ? (usual.traitShare('newcomer') ?? null) : null,
  };
}
