/** What can be asked for, by its name. */
import type { SituationKind } from '../access-event.ts';
import { floodAtRandom, floodFromMany, floodFromNear } from './distributed.ts';
import { gatherCrowd } from './flash-crowd.ts';
import { flood, floodRarePages, floodWithPosts, ramp } from './floods.ts';
import { guessPasswords, guessThroughXmlRpc } from './guesses.ts';
import type { Attack } from './pour.ts';
import { scan, scanBehindPageLoads, scanRedirected, scanSlowly } from './scans.ts';
import { harvestPages, scrapeApi } from './scrapes.ts';

interface Situation {
  readonly launch: (attack: Attack) => void;
  /** How long it lasts unless the plan says otherwise. */
  readonly minutes: number;
  /** As the labels of real logs name it. */
  readonly label: string;
  /** Its sender calls itself a browser of today. */
  readonly isMasked?: true;
}

export const SITUATIONS: Readonly<Record<SituationKind, Situation>> = {
  flood: { launch: flood, minutes: 1, label: 'flood' },
  'rare-flood': { launch: floodRarePages, minutes: 2, label: 'flood' },
  'post-flood': { launch: floodWithPosts, minutes: 2, label: 'flood' },
  ramp: { launch: ramp, minutes: 60, label: 'flood' },
  distributed: { launch: floodFromMany, minutes: 10, label: 'distributed_flood' },
  'distributed-near': { launch: floodFromNear, minutes: 10, label: 'distributed_flood' },
  'distributed-random': { launch: floodAtRandom, minutes: 10, label: 'distributed_flood' },
  scanner: { launch: scan, minutes: 2, label: 'scanner' },
  'masked-scan': { launch: scanBehindPageLoads, minutes: 5, label: 'scanner', isMasked: true },
  'redirect-scan': { launch: scanRedirected, minutes: 2, label: 'scanner' },
  'slow-scan': { launch: scanSlowly, minutes: 180, label: 'scanner' },
  login: { launch: guessPasswords, minutes: 3, label: 'brute_force' },
  xmlrpc: { launch: guessThroughXmlRpc, minutes: 3, label: 'brute_force' },
  'api-scrape': { launch: scrapeApi, minutes: 20, label: 'scraper' },
  harvest: { launch: harvestPages, minutes: 20, label: 'scraper', isMasked: true },
  'flash-crowd': { launch: gatherCrowd, minutes: 30, label: 'flash_crowd' },
};
