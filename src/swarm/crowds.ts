/**
 * Honest strangers who load no files and come all at once are told by what they ask for:
 *
 * - One address: a file, what they have already, what is new on the site, or anything if they say that they are programs. So do previews
 *   of a link that spreads, players of a new episode, downloads of a release, readers of a feed, monitors, visitors of a page of
 *   maintenance, a class that opens one page. Programs may also ask for many that a standard made for them.
 * - Where the log has no files of pages, one page, each by one address, if they are of many kinds: nothing tells them from readers of
 *   a link that spreads, or of a newsletter. For the home page they have to go on to others.
 * - One new thing, each by an address of its own, if they are of many kinds or programs that say so: devices that a
 *   message wakes, each with its token.
 * - New forms, sent by such programs: webhooks of a new partner, monitors, sensors; or by many kinds who opened the page first, or are
 *   answered nothing: a vote, events from a partner's pages.
 * - What visitors who load files came for as well: programs follow the links of a newsletter.
 * - The usual things: devices with a new version of an app. What they share, such as their user agent, may be new here and proves
 *   nothing, since they spread over what others ask for. A swarm has one aim, or goes where few others go.
 */
import { PAGE_PART } from '../parse/tally.ts';
import type { Clients } from '../traffic/clients.ts';
import { Asked, isServed, visitOf } from './asked.ts';
import { isSharedWithVisitors } from './harm-now.ts';
import { AGENT_TRAIT, FOLDER_TRAITS, hashTrait, KEYS, PATH_TRAIT } from './look.ts';
import type { LookHasher } from './look-hasher.ts';
import { countMatches, hasAll, type Value } from './signature.ts';
import type { Strangers } from './strangers.ts';
import { type Looks, offsetsOf, type SwarmLines } from './swarm-lines.ts';
import { UsualPaths } from './usual-paths.ts';
import type { UsualTraffic } from './usual-traffic.ts';

/**
 * Of the different things that clients of a crowd ask for so much is usual: on simulated and real sites 0.4 to 1 where honest visitors
 * load no files, and at most 0.06 where a swarm goes where few others go.
 */
const USUAL_SHARE_MIN = 0.25;
/**
 * Clients whose requests a lane would stop go on to so much that is usual: viewers of a broadcast 0.97 at least, on real sites, and at
 * most 0.33 where a swarm asks for rare pages. More than above, because they may share nothing else that is rare.
 */
const GO_ON_SHARE_MIN = 0.5;
/** What most of them ask for counts as if at most so many times as many did as usually do, and may not be nearly all. */
const [MOST_TIMES, OTHER_SHARE_MIN] = [3, 0.1];
/** Half of a crowd's clients have been there for so long before it shows where they go on to. */
const READING_SECONDS = 15;

/** Of what is asked of one new thing so much may be asked by clients who asked for another address of it before. */
const OTHER_ADDRESS_MAX = 0.1;

/** What is known when crowds are looked for; `begun` is when more strangers than usual began to come. */
interface Known {
  readonly usual: UsualTraffic;
  readonly strangers: Strangers;
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
  private readonly asked: Asked;
  private readonly home: number;
  private readonly paths: UsualPaths;
  private readonly folders: readonly { readonly trait: number; readonly usual: UsualPaths }[];
  private readonly known: Known;
  private readonly before: number;
  /** Paths that many strangers ask for and hardly anybody did before: new on the site. */
  private fresh: ReadonlySet<number> = new Set();
  private rare: Rare = () => false;

  /** Usual is what was known before `before`. */
  constructor(lines: SwarmLines, known: Known, before: number) {
    this.lines = lines;
    this.looks = lines.strangers;
    this.asked = new Asked(this.looks);
    this.known = known;
    this.before = before;
    this.home = hashTrait(PATH_TRAIT, '/', known.hasher.options.hashKey);
    this.paths = new UsualPaths(lines, { ...known, before }, PATH_TRAIT, this.home);
    this.folders = FOLDER_TRAITS.map((trait) => ({ trait, usual: new UsualPaths(lines, { ...known, before }, trait) }));
  }

  /**
   * Which of the looks at `offsets` no lane may stop: at least `least` of them ask for one thing, or share one of `values` that is
   * rare in usual traffic, and ask for usual things. So many looks as `surplus` are more than usual.
   */
  find(offsets: readonly number[], surplus: number, least: number, values: readonly Value[]): Set<number> {
    this.rare = findRare(values, this.known, this.before);
    const crowds = new Set<number>();
    const add = (own: readonly number[]) => {
      for (const at of own) crowds.add(at);
    };
    const served = offsets.filter((at) => this.asked.isServed(at));
    const groups = (key: (at: number) => number, of: readonly number[]) =>
      [...Map.groupBy(of, key).values()].filter((own) => own.length >= least);
    const paths = groups((at) => this.asked.path(at), served).map(([first = 0]) => this.asked.path(first));
    this.fresh = new Set(paths.filter((path) => this.paths.isNew(path)));
    for (const same of groups((at) => this.asked.address(at), served)) {
      const things = this.isNew(same[0] as number) ? same : same.filter((at) => this.isThing(at));
      if (things.length >= least) add(things);
    }
    const forms = offsets.filter((at) => this.asked.isTaken(at));
    // What is new costs milliseconds to tell.
    if (forms.length >= least) add(this.findForms(forms, served));
    for (const same of groups((at) => this.asked.path(at), served)) add(this.findOwn(same, this.paths, PATH_TRAIT));
    // Pages that hardly anybody reads lie in many folders, tokens in one.
    for (const { trait, usual } of this.folders)
      for (const same of groups((at) => this.asked.trait(at, trait), offsets)) {
        if (2 * same.length <= surplus) continue;
        const pages = same.filter((at) => this.asked.isServed(at));
        add(this.findOwn(pages, usual, trait));
      }
    for (const own of groups((at) => this.asked.trait(at, FOLDER_TRAITS[0]), served))
      if (this.asked.isForPrograms(own[0] as number)) add(own.filter((at) => this.asked.isProgram(at)));
    for (const own of groups((at) => this.asked.named(at), offsets)) if (this.isVisited(own)) add(own);
    if (!this.known.strangers.areNoVisitors)
      for (const own of groups((at) => this.asked.named(at), served)) if (this.mayBeReaders(own)) add(own);
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
  areUsual(offsets: readonly number[], least = USUAL_SHARE_MIN): boolean {
    const { looks, paths } = this;
    const pages = offsets.filter((at) => (this.asked.info(at) & PAGE_PART) === 0);
    const asked = looks.oncePerClient(PATH_TRAIT, pages);
    const [top, count] = mostFrequent(asked.map((at) => this.asked.path(at)));
    const isTop = (at: number) => this.asked.path(at) === top;
    const most = Math.min(count, MOST_TIMES * (top === undefined ? 0 : paths.share(top)) * asked.length);
    const others = asked.filter((at) => !isTop(at));
    const sum = (some: readonly number[]) => some.reduce((all, at) => all + this.usualness(at), 0);
    const usual = sum(others) + (most / Math.max(1, count)) * sum(asked.filter(isTop));
    const all = others.length + most;
    return others.length > OTHER_SHARE_MIN * asked.length && usual > least * all;
  }

  /** These clients go where visitors go: who sends what a lane would stop is more than that, viewers of a broadcast open the home page first. */
  goOn(clients: ReadonlySet<number>): boolean {
    const own = offsetsOf(this.looks.count).filter((at) => clients.has(this.asked.slot(at)));
    return this.areUsual(own, GO_ON_SHARE_MIN);
  }

  /** Most of these looks are at a usual page, which most of their clients had no time to leave. */
  haveJustCome(offsets: readonly number[], now: number): boolean {
    const { clients } = this.known;
    const young = offsets.filter((at) => clients.firstSecond(this.asked.slot(at)) > now - READING_SECONDS);
    const isUsual = (at: number) => this.asked.path(at) === this.home || this.usualness(at) === 1;
    const usual = offsets.filter((at) => !this.isNew(at) && isUsual(at));
    return 2 * young.length > offsets.length && 2 * usual.length > offsets.length;
  }

  /** Those looks at one path or folder that its operator made it for; none where it is not new. */
  private findOwn(same: readonly number[], usual: UsualPaths, trait: number): readonly number[] {
    const thing = same[0] === undefined ? 0 : this.asked.trait(same[0], trait);
    if (thing === 0 || !usual.isNew(thing)) return [];
    const own = this.areOfManyKinds(same) ? same : same.filter((at) => this.asked.isProgram(at));
    return this.haveOneAddress(own) ? own : [];
  }

  /** Those forms that were sent to what is new on the site, as it asks for: by programs, by who opened the page first, or as mere news. */
  private findForms(forms: readonly number[], served: readonly number[]): readonly number[] {
    const { asked } = this;
    const fresh = forms.filter((at) => this.paths.isNew(asked.path(at)));
    if (!this.areOfManyKinds(fresh)) return fresh.filter((at) => asked.isProgram(at));
    const opened = new Set(served.map((at) => asked.visit(at)));
    // To fill in a form takes minutes.
    this.lines.walkEarlier((slot, url, info) => isServed(info) && opened.add(visitOf(slot, url)));
    return fresh.filter((at) => asked.isProgram(at) || opened.has(asked.visit(at)) || asked.isSilent(at));
  }

  /** Hardly any client comes back for another address. */
  private haveOneAddress(offsets: readonly number[]): boolean {
    const addresses = new Map<number, number>();
    let others = 0;
    for (const at of offsets) {
      const slot = this.asked.slot(at);
      const first = addresses.get(slot) ?? this.asked.address(at);
      addresses.set(slot, first);
      if (first !== this.asked.address(at)) others++;
    }
    return others <= OTHER_ADDRESS_MAX * offsets.length;
  }

  /** The address is new on the site: its path, or the names in its query there. */
  private isNew(at: number): boolean {
    return this.fresh.has(this.asked.path(at)) || (this.asked.hasQuery(at) && this.rare(this.pathAndNames(at)));
  }

  /** What they ask for is rare in usual traffic, and newcomers who render pages ask for it as well: programs read a campaign too. */
  private isVisited([first = 0, ...more]: readonly number[]): boolean {
    const { clients, begun } = this.known;
    const values = this.pathAndNames(first);
    return this.rare(values) && isSharedWithVisitors(values, this.lines, clients, begun, 1 + more.length);
  }

  private pathAndNames(at: number): Value[] {
    return [PATH_TRAIT, KEYS].map((trait) => ({ trait, hash: this.asked.trait(at, trait) }));
  }

  private usualness(at: number): number {
    if (this.asked.isLogIn(at)) return 0;
    return this.fresh.has(this.asked.path(at)) ? 1 : this.paths.sureness(this.asked.path(at));
  }

  /** By a program, for a file, or for nothing. */
  private isThing(at: number): boolean {
    const { asked } = this;
    // Floods by programs are for the home page, and monitors say that they are robots.
    return asked.isFile(at) || asked.isRobot(at) || (!this.isHome(at) && asked.isProgram(at));
  }

  /** Of many kinds, each at one address to which a link or a newsletter may lead. */
  private mayBeReaders(own: readonly number[]): boolean {
    return !this.isHome(own[0] as number) && this.areOfManyKinds(own) && this.haveOneAddress(own);
  }

  private isHome(at: number): boolean {
    return this.asked.path(at) === this.home && !this.asked.hasQuery(at);
  }

  /** No user agent has half of them. */
  private areOfManyKinds(offsets: readonly number[]): boolean {
    const [, count] = mostFrequent(offsets.map((at) => this.asked.trait(at, AGENT_TRAIT)));
    return 2 * count < offsets.length;
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
