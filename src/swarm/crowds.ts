/**
 * Honest strangers who load no files and come all at once are told by what they ask for:
 *
 * - One address: a file, what they have already (304, RFC 9110, 15.4.5), what is new on the site, or anything if they say that they are
 *   programs. So do previews of a link that spreads, players of a new episode, downloads of a release, readers of a feed, monitors,
 *   visitors of a page of maintenance, a class that opens one page.
 * - One new thing, each by an address of its own, if they are of many kinds or programs that say so: devices that a
 *   message wakes, each with its token. Such programs may send forms there too: webhooks of a new partner, monitors, sensors.
 * - What visitors who load files came for as well: programs follow the links of a newsletter.
 * - The usual things: devices with a new version of an app. What they share, such as their user agent, may be new here and proves
 *   nothing, since they spread over what others ask for. A swarm has one aim, or goes where few others go.
 */
import {
  ASSET,
  CHANGE,
  GET,
  HEAD,
  INFO,
  LOGIN,
  METHOD_MASK,
  PAGE_PART,
  POST,
  QUERY,
  ROBOT,
  SIZE,
  SIZE_UNKNOWN,
  STATUS_MASK,
  URL,
} from '../parse/tally.ts';
import type { Clients } from '../traffic/clients.ts';
import { isSharedWithVisitors } from './harm-now.ts';
import { AGENT_TRAIT, FOLDER_TRAIT, hashTrait, KEYS, PATH_TRAIT, TRAITS } from './look.ts';
import type { LookHasher } from './look-hasher.ts';
import { countMatches, hasAll, type Value } from './signature.ts';
import type { Line, Looks, SwarmLines } from './swarm-lines.ts';
import { UsualPaths } from './usual-paths.ts';
import type { UsualTraffic } from './usual-traffic.ts';

/** No page is as large; partial answers (206, RFC 9110) are of files too. */
const FILE_BYTES_MIN = 500_000;
const PARTIAL = 206;
const NOT_MODIFIED = 304;
/**
 * Of the different things that clients of a crowd ask for so much is usual: on simulated and real sites 0.4 to 0.9 where honest visitors
 * load no files, and at most 0.12 where a swarm goes where few others go.
 */
const USUAL_SHARE_MIN = 0.25;
/** What most of them ask for counts as if at most so many times as many did as usually do, and may not be nearly all. */
const [MOST_TIMES, OTHER_SHARE_MIN] = [3, 0.1];

/** Of what is asked of one new thing so much may be asked by clients who asked for another address of it before. */
const OTHER_ADDRESS_MAX = 0.1;
/** How user agents of browsers begin, and of who pretends to be one. */
const BROWSER = 'Mozilla/';

/** What is known when crowds are looked for; `begun` is when more strangers than usual began to come. */
interface Known {
  readonly usual: UsualTraffic;
  readonly hasher: LookHasher;
  readonly clients: Clients;
  readonly begun: number;
  readonly harmMax: number;
}

/** True of frequent values that hardly any usual request has all of. */
type Rare = (values: readonly Value[]) => boolean;

export class Crowds {
  private readonly lines: SwarmLines;
  private readonly looks: Looks;
  private readonly home: number;
  private readonly paths: UsualPaths;
  private readonly folders: UsualPaths;
  /** By the hash of a user agent. */
  private readonly programs = new Map<number, boolean>();
  private readonly known: Known;
  private readonly before: number;
  /** Paths that many strangers ask for and hardly anybody did before: new on the site. */
  private fresh: ReadonlySet<number> = new Set();
  private rare: Rare = () => false;

  /** Usual is what was known before `before`. */
  constructor(lines: SwarmLines, known: Known, before: number) {
    this.lines = lines;
    this.looks = lines.strangers;
    this.known = known;
    this.before = before;
    this.home = hashTrait('/', known.hasher.options.hashKey);
    this.paths = new UsualPaths(lines, { ...known, before }, PATH_TRAIT, this.home);
    this.folders = new UsualPaths(lines, { ...known, before }, FOLDER_TRAIT);
  }

  /**
   * Which of the looks at `offsets` no lane may stop: at least `least` of them ask for one thing, or share one of `values` that is
   * rare in usual traffic, and ask for usual things.
   */
  find(offsets: readonly number[], least: number, values: readonly Value[]): Set<number> {
    this.rare = findRare(values, this.known, this.before);
    const crowds = new Set<number>();
    const add = (own: readonly number[]) => {
      for (const at of own) crowds.add(at);
    };
    const served = offsets.filter((at) => this.isServed(at));
    const groups = (key: (at: number) => number, of: readonly number[]) =>
      [...Map.groupBy(of, key).values()].filter((own) => own.length >= least);
    const paths = groups((at) => this.path(at), served).map(([first = 0]) => this.path(first));
    this.fresh = new Set(paths.filter((path) => this.paths.isNew(path)));
    for (const same of groups((at) => this.address(at), served)) {
      const things = this.isNew(same[0] as number) ? same : same.filter((at) => this.isThing(at));
      if (things.length >= least) add(things);
    }
    for (const same of groups((at) => this.path(at), offsets)) add(this.findOwn(same, this.paths, PATH_TRAIT));
    // Pages that hardly anybody reads lie in many folders, tokens in one.
    const [folder = 0, count] = mostFrequent(offsets.map((at) => this.trait(at, FOLDER_TRAIT)));
    if (folder !== 0 && 2 * count > offsets.length) {
      const same = offsets.filter((at) => this.trait(at, FOLDER_TRAIT) === folder);
      add(this.findOwn(same, this.folders, FOLDER_TRAIT));
    }
    for (const own of groups((at) => this.named(at), offsets)) if (this.isVisited(own)) add(own);
    for (const value of values) {
      if (!this.rare([value])) continue;
      const own = offsets.filter((at) => hasAll([value], this.looks.hashes, at));
      if (this.areUsual(own)) add(own);
    }
    return crowds;
  }

  /**
   * True when these looks spread over usual things. A client counts once for each: who repeats one thing wants no less of others.
   * The files of pages prove nothing, since everybody can load some.
   */
  areUsual(offsets: readonly number[]): boolean {
    const { looks, paths } = this;
    const pages = offsets.filter((at) => (this.info(at) & PAGE_PART) === 0);
    const asked = looks.oncePerClient(PATH_TRAIT, pages);
    const [top, count] = mostFrequent(asked.map((at) => this.path(at)));
    const isTop = (at: number) => this.path(at) === top;
    const most = Math.min(count, MOST_TIMES * (top === undefined ? 0 : paths.share(top)) * asked.length);
    const others = asked.filter((at) => !isTop(at));
    const sum = (some: readonly number[]) => some.reduce((all, at) => all + this.usualness(at), 0);
    const usual = sum(others) + (most / Math.max(1, count)) * sum(asked.filter(isTop));
    const all = others.length + most;
    return others.length > OTHER_SHARE_MIN * asked.length && usual > USUAL_SHARE_MIN * all;
  }

  /** Those looks at one path or folder that its operator made it for; none where it is not new. */
  private findOwn(same: readonly number[], usual: UsualPaths, trait: number): readonly number[] {
    const asked = same.filter((at) => this.isServed(at));
    const taken = same.filter((at) => this.isTaken(at));
    if (!usual.isNew(this.trait(same[0] as number, trait))) return [];
    const own = this.areOfManyKinds(asked) ? asked : asked.filter((at) => this.isProgram(at));
    const forms = taken.filter((at) => this.isProgram(at));
    return this.haveOneAddress(own) ? [...own, ...forms] : forms;
  }

  /** Hardly any client comes back for another address. */
  private haveOneAddress(offsets: readonly number[]): boolean {
    const addresses = new Map<number, number>();
    let others = 0;
    for (const at of offsets) {
      const slot = this.looks.slots[at / TRAITS.length] as number;
      const first = addresses.get(slot) ?? this.address(at);
      addresses.set(slot, first);
      if (first !== this.address(at)) others++;
    }
    return others <= OTHER_ADDRESS_MAX * offsets.length;
  }

  /** A form that is no log-in, and taken. */
  private isTaken(at: number): boolean {
    const info = this.info(at);
    const method = info & METHOD_MASK;
    const status = info & STATUS_MASK;
    return (method === POST || method === CHANGE) && status < 400 && (info & LOGIN) === 0;
  }

  /** A program that says so by its user agent. */
  private isProgram(at: number): boolean {
    if ((this.info(at) & ROBOT) !== 0) return true;
    const hash = this.trait(at, AGENT_TRAIT);
    const known = this.programs.get(hash);
    if (known !== undefined) return known;
    const text = this.looks.textOf(AGENT_TRAIT, at) ?? '-';
    const isProgram = text !== '-' && !text.startsWith(BROWSER);
    this.programs.set(hash, isProgram);
    return isProgram;
  }

  /** The address is new on the site: its path, or the names in its query there. */
  private isNew(at: number): boolean {
    return this.fresh.has(this.path(at)) || ((this.info(at) & QUERY) !== 0 && this.rare(this.pathAndNames(at)));
  }

  /** What they ask for is rare in usual traffic, and newcomers who render pages ask for it as well: programs read a campaign too. */
  private isVisited([first = 0, ...more]: readonly number[]): boolean {
    const { clients, begun } = this.known;
    const values = this.pathAndNames(first);
    return this.rare(values) && isSharedWithVisitors(values, this.lines, clients, begun, 1 + more.length);
  }

  private pathAndNames(at: number): Value[] {
    return [PATH_TRAIT, KEYS].map((trait) => ({ trait, hash: this.looks.hashes[at + trait] as number }));
  }

  private usualness(at: number): number {
    if ((this.info(at) & LOGIN) !== 0) return 0;
    return this.fresh.has(this.path(at)) ? 1 : this.paths.sureness(this.path(at));
  }

  private isServed(at: number): boolean {
    const method = this.info(at) & METHOD_MASK;
    const status = this.info(at) & STATUS_MASK;
    return (method === GET || method === HEAD) && (status < 400 || status >= 500);
  }

  /** By a program, for a file, or for nothing. */
  private isThing(at: number): boolean {
    const size = this.column(at, SIZE);
    const info = this.info(at);
    const status = info & STATUS_MASK;
    const isFile = status === PARTIAL || (size >= FILE_BYTES_MIN && size !== SIZE_UNKNOWN);
    // Floods by programs are for the home page, and monitors say that they are robots.
    const isHome = this.path(at) === this.home && (info & QUERY) === 0;
    return isFile || status === NOT_MODIFIED || (info & (ASSET | ROBOT)) !== 0 || (!isHome && this.isProgram(at));
  }

  /** No user agent has half of them. */
  private areOfManyKinds(offsets: readonly number[]): boolean {
    const [, count] = mostFrequent(offsets.map((at) => this.looks.hashes[at + AGENT_TRAIT] as number));
    return 2 * count < offsets.length;
  }

  /** One number for the path and the names in its query. */
  private named(at: number): number {
    return this.path(at) * 2 ** 32 + (this.looks.hashes[at + KEYS] as number);
  }

  /** The same for requests of one exact address; by chance for others once in 65,536. */
  private address(at: number): number {
    return this.path(at) * 2 ** 16 + (this.column(at, URL) & 0xffff);
  }

  private path(at: number): number {
    return this.trait(at, PATH_TRAIT);
  }

  private trait(at: number, trait: number): number {
    return this.looks.hashes[at + trait] as number;
  }

  private info(at: number): number {
    return this.column(at, INFO);
  }

  /** Of the line's row in its tally. */
  private column(at: number, column: number): number {
    const { segment, at: row } = this.looks.lines[at / TRAITS.length] as Line;
    return segment.tally.rows[row + column] as number;
  }
}

/** Which values of a surplus are rare together in the usual traffic of before `before`. */
function findRare(values: readonly Value[], { usual, begun, harmMax }: Known, before: number): Rare {
  // A crowd that goes on makes itself usual.
  const { words, lines } = usual.countWords(values, Math.min(before, begun));
  return (some) => {
    const bits = some.map(({ trait, hash }) =>
      values.findIndex((value) => value.trait === trait && value.hash === hash),
    );
    return (
      !bits.includes(-1) &&
      countMatches(
        words,
        bits.reduce((mask, bit) => mask | (1 << bit), 0),
      ) <=
        harmMax * lines
    );
  };
}

/** The most frequent value, and how often it is there. */
function mostFrequent(values: readonly number[]): readonly [value: number | undefined, count: number] {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce<readonly [number | undefined, number]>(
    (most, each) => (each[1] > most[1] ? each : most),
    [undefined, 0],
  );
}
