/** Where a trial is written down: its requests, by whom, and when. */
import type { Random } from '../../src/simulate/random.ts';
import type { Asset } from '../../src/simulate/site.ts';
import { address, around, shuffle } from './draw.ts';
import type { TrialSite } from './site.ts';
import type { Sent } from './trial.ts';

export const MINUTE = 60;
export const HOUR = 3600;

export interface Who {
  readonly ip: string;
  readonly agent: string;
}

/** A request but for who sends it and when. */
export type Asked = Omit<Sent, 'atS' | 'ip' | 'agent'>;

export class Script {
  readonly requests: Sent[] = [];
  /** When the trial begins, in seconds after the fork. */
  readonly startS: number;
  readonly site: TrialSite;
  readonly random: Random;

  constructor(site: TrialSite, random: Random) {
    this.site = site;
    this.random = random;
    this.startS = random.int(60, 600) + random.next();
  }

  person(ip = address(this.random)): Who {
    return { ip, agent: this.random.pick(this.site.browsers) };
  }

  program(agent: string): Who {
    return { ip: address(this.random), agent };
  }

  send(atS: number, who: Who, asked: Asked): void {
    this.requests.push({ atS, ...who, ...asked });
  }

  /** What a page of the site makes a browser ask for. */
  call(atS: number, who: Who, asked: Asked): void {
    this.send(atS, who, { referer: this.site.referer, ...asked });
  }

  /** A page with its files. */
  load(atS: number, who: Who, page: Asked = this.site.home, files = 12): void {
    this.send(atS, who, page);
    for (const file of this.site.files.slice(0, files)) this.call(atS + 0.5 * this.random.next(), who, file);
  }

  /** Calls `act` at about this interval (± a fifth from trial to trial) for so many seconds. */
  every(
    intervalS: number,
    seconds: number,
    act: (atS: number, count: number) => void,
    fromS: number = this.startS,
  ): void {
    const stepS = around(this.random, intervalS, 0.2);
    for (let count = 0; count * stepS < seconds; count++) act(fromS + count * stepS, count);
  }

  /** An ordinary visit: a page every half minute or so, the first one with all its files. Returns its end. */
  browse(who: Who, seconds: number, fromS: number = this.startS): number {
    const { random, site } = this;
    let atS = fromS;
    for (let first = true; atS < fromS + seconds; first = false) {
      const referer = first ? 'https://www.google.com/' : site.referer;
      this.send(atS, who, { ...random.pick(site.pages), referer });
      const files = shuffle(random, site.files).slice(0, first ? 14 : random.int(0, 4));
      for (const file of files) this.call(atS + random.next(), who, file);
      atS += around(random, 35, 0.7);
    }
    return atS;
  }

  /** A page that exists but that hardly anybody has asked for. */
  rarePage(): Asset {
    return this.random.pick(this.site.rarePages);
  }
}
