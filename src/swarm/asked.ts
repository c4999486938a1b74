/** What strangers asked for and what they were answered, by the places of their looks. */
import {
  ASSET,
  CHANGE,
  GET,
  HEAD,
  INFO,
  LOGIN,
  METHOD_MASK,
  POST,
  QUERY,
  ROBOT,
  SIZE,
  SIZE_UNKNOWN,
  STATUS_MASK,
  URL,
} from '../parse/tally.ts';
import { AGENT_TRAIT, FOLDER_TRAITS, KEYS, PATH_TRAIT, TRAITS } from './look.ts';
import type { Line, Looks } from './swarm-lines.ts';

/** No page is as large; partial answers (206, RFC 9110) are of files too. */
const FILE_BYTES_MIN = 500_000;
const PARTIAL = 206;
const NOT_MODIFIED = 304;
const NO_CONTENT = 204;
/** How user agents of browsers begin, and of who pretends to be one. */
const BROWSER = 'Mozilla/5.0 (';
/** What lies there by a standard is for programs (RFC 8615). */
const FOR_PROGRAMS = '/.well-known/*';

/** A page or file, and not refused. */
export function isServed(info: number): boolean {
  const method = info & METHOD_MASK;
  const status = info & STATUS_MASK;
  return (method === GET || method === HEAD) && (status < 400 || status >= 500);
}

/** One number for a client and a path, `url` is the line's word of both path and query; the same for others once in 65,536. */
export const visitOf = (slot: number, url: number): number => slot * 2 ** 16 + (url >>> 16);

export class Asked {
  private readonly looks: Looks;
  /** By the hash of a user agent. */
  private readonly programs = new Map<number, boolean>();

  constructor(looks: Looks) {
    this.looks = looks;
  }

  isServed(at: number): boolean {
    return isServed(this.info(at));
  }

  /** A form that is no log-in, and taken. */
  isTaken(at: number): boolean {
    const info = this.info(at);
    const method = info & METHOD_MASK;
    return (method === POST || method === CHANGE) && (info & STATUS_MASK) < 400 && (info & LOGIN) === 0;
  }

  /** A program that says so by its user agent. */
  isProgram(at: number): boolean {
    if ((this.info(at) & ROBOT) !== 0) return true;
    const hash = this.trait(at, AGENT_TRAIT);
    const known = this.programs.get(hash);
    if (known !== undefined) return known;
    const text = this.looks.textOf(AGENT_TRAIT, at) ?? '-';
    const isProgram = text !== '-' && !text.startsWith(BROWSER);
    this.programs.set(hash, isProgram);
    return isProgram;
  }

  isRobot(at: number): boolean {
    return (this.info(at) & ROBOT) !== 0;
  }

  isLogIn(at: number): boolean {
    return (this.info(at) & LOGIN) !== 0;
  }

  hasQuery(at: number): boolean {
    return (this.info(at) & QUERY) !== 0;
  }

  /** A file, or what they have already (304, RFC 9110, 15.4.5). */
  isFile(at: number): boolean {
    const size = this.column(at, SIZE);
    const status = this.info(at) & STATUS_MASK;
    const isLarge = size >= FILE_BYTES_MIN && size !== SIZE_UNKNOWN;
    return isLarge || status === PARTIAL || status === NOT_MODIFIED || (this.info(at) & ASSET) !== 0;
  }

  /** Done, and nothing is told about it (204, RFC 9110, 15.3.5): guesses are told whether they were right. */
  isSilent(at: number): boolean {
    return (this.info(at) & STATUS_MASK) === NO_CONTENT;
  }

  isForPrograms(at: number): boolean {
    return this.looks.textOf(FOLDER_TRAITS[0], at) === FOR_PROGRAMS;
  }

  /** Whose it is. */
  slot(at: number): number {
    return this.looks.slots[at / TRAITS.length] as number;
  }

  trait(at: number, trait: number): number {
    return this.looks.hashes[at + trait] as number;
  }

  path(at: number): number {
    return this.trait(at, PATH_TRAIT);
  }

  /** One number for the path and the names in its query. */
  named(at: number): number {
    return this.path(at) * 2 ** 32 + this.trait(at, KEYS);
  }

  visit(at: number): number {
    return visitOf(this.slot(at), this.column(at, URL));
  }

  /** The same for requests of one exact address; by chance for others once in 65,536. */
  address(at: number): number {
    return this.path(at) * 2 ** 16 + (this.column(at, URL) & 0xffff);
  }

  info(at: number): number {
    return this.column(at, INFO);
  }

  /** Of the line's row in its tally. */
  private column(at: number, column: number): number {
    const { segment, at: row } = this.looks.lines[at / TRAITS.length] as Line;
    return segment.tally.rows[row + column] as number;
  }
}
