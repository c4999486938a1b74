/** Fills in what site and client say of a request, and remembers it for the next. */
import { type ClientState, COUNT, MARK, TIME_MIN } from './client-state.ts';
import { habitOf } from './habits.ts';
import type { Request } from './request.ts';
import { robotsTxtPattern } from './robots-txt.ts';
import type { SiteKnowledge } from './site-knowledge.ts';

/** Names of this module's own, as in request.ts. */
const [{ FILES, KNOWN, SERVED }, { LED, LINKED, POLITE, WRITING }] = [COUNT, MARK];

/** A path is known from so many other clients on; as many make one client's path count half. */
export const KNOWN_CLIENTS = 6;
/** Rarity of a file that two others were served: on a site with few visitors as well, files show a browser. */
const SHARED_RARITY = KNOWN_CLIENTS / (KNOWN_CLIENTS + 2);
/** It is usual to repeat a POST where so many others do, and this share of all that send it. */
const [REPEATERS, REPEATERS_SHARE] = [3, 0.5];

export class Observer {
  private readonly clients: ClientState;
  private readonly robotsTxt: number;

  constructor(clients: ClientState, hashKey: number) {
    this.clients = clients;
    this.robotsTxt = robotsTxtPattern(hashKey);
  }

  /** `at` is the place of the request's path, `bit` stands for its client, `referrer` is the hash of the referring host. */
  observe(request: Request, slot: number, at: number, bit: number, referrer: number, site: SiteKnowledge): void {
    this.observeSite(request, at, bit, referrer, site);
    this.observeHabit(request, slot);
    this.observeClient(request, slot, referrer, site);
    this.remember(request, slot);
  }

  private observeSite(request: Request, at: number, bit: number, referrer: number, site: SiteKnowledge): void {
    const { paths } = site;
    const others = paths.othersServed(at, bit);
    request.known = others >= KNOWN_CLIENTS;
    request.likewise = !request.served && paths.othersRefused(at, bit) >= KNOWN_CLIENTS;
    request.rarity = KNOWN_CLIENTS / (KNOWN_CLIENTS + others);
    const repeaters = request.post || request.change ? paths.othersRepeating(at, bit) : 0;
    request.usualToRepeat = repeaters >= REPEATERS && repeaters >= REPEATERS_SHARE * others;
    request.confidence = site.confidence;
    request.fromOwnPage = site.hosts.has(referrer);
    request.crossSite = referrer !== 0 && !request.fromOwnPage;
    request.excused = site.outage.excuses(request.status);
  }

  private observeHabit(request: Request, slot: number): void {
    const { clients } = this;
    const { habits } = clients;
    const habit = habitOf(request.path, request.url);
    const at = habits.find(slot, habit);
    request.again = at >= 0;
    request.sameUrl = habits.isSameUrl(at, habit);
    request.wasServed = habits.wasServed(at);
    const isNext = !request.asset && clients.noteNumber(slot, request.page, request.number);
    // A page of the site may poll with a counter, which is answered alike, or with the time; so may a program whose session ended.
    const isRecord = request.served && isNext && (clients.noteRecord(slot, request.size) || !request.fromOwnPage);
    request.counting = isNext && (request.redirected || isRecord);
    const polls = request.fromOwnPage && !request.redirected && (isNext || request.number >= TIME_MIN);
    const isPath = !request.payload && (!request.hasQuery || request.asked || polls);
    request.attempt = isPath ? request.url >>> 16 : request.url & 0xffff;
    const isTry = request.refused || request.redirected || request.failed || (request.payload && !request.known);
    request.newlyTried = isTry ? clients.refusals.note(slot, request.attempt) : 0;
    const leads = request.redirected && request.newlyTried > 0 && !request.known && !request.likewise;
    request.led = clients.mark(slot, LED, leads);
    if (request.accepted && request.change) clients.mark(slot, WRITING);
    request.writing = request.change && request.refused && clients.mark(slot, WRITING, false);
    if (request.asset && request.known) return;
    request.loads = request.post ? clients.takeLoad(slot, request.page, request.sentOn) : 0;
    habits.note(slot, habit, at, request.served);
  }

  private observeClient(request: Request, slot: number, referrer: number, site: SiteKnowledge): void {
    const { clients } = this;
    if (request.page === this.robotsTxt) clients.mark(slot, POLITE);
    request.robot = !request.refuted && (request.robot || clients.isMarked(slot, POLITE));
    if (request.fromOwnPage) clients.mark(slot, LINKED);
    request.fromLoadedPage = request.fromOwnPage && clients.count(slot, FILES) >= 1;
    request.bare = site.showsBrowsers && referrer === 0 && clients.isBare(slot);
    request.sameAnswer =
      request.isFresh && !request.picture && !request.verified && clients.noteSize(slot, request.size);
    request.varied = request.post || request.change || request.credentials ? clients.notePost(slot, request.size) : 0;
  }

  private remember(request: Request, slot: number): void {
    const { clients } = this;
    if (!request.served) return;
    // To send one thing again and again shows no visitor, however many do: accomplices would make each other known.
    if (request.known && !(request.post && request.again)) clients.add(slot, KNOWN);
    if (request.asset) {
      if (request.rarity > SHARED_RARITY) return;
      clients.add(slot, FILES);
    } else if (!request.post) clients.noteLoad(slot, request.page);
    if (request.wasServed || request.sameAnswer || request.payload || request.post) return;
    clients.add(slot, SERVED);
  }
}
