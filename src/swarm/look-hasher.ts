/** Hashes the traits of a request from the bytes of its line: by way of texts it takes several times as long. */
import { METHOD, PATH, REFERER, REQUEST, USER_AGENT } from '../parse/fields.ts';
import { FNV_OFFSET, step } from '../parse/fnv.ts';
import { type LineValues, recordOf } from '../parse/line-format.ts';
import { finishHash, hashLook, hashNetwork, hashTrait, joinNames, type LookOptions, readLook } from './look.ts';

const [SPACE, TILDE, SLASH, ASTERISK, QUESTION, AMPERSAND, EQUALS] = [0x20, 0x7e, 0x2f, 0x2a, 0x3f, 0x26, 0x3d];
const [CAPITAL_A, CAPITAL_Z, DOT, DIGIT_ZERO, DIGIT_NINE] = [0x41, 0x5a, 0x2e, 0x30, 0x39];
/** A request line begins with a method, and ends with a protocol and its version. */
const METHOD_LENGTH_MAX = 20;
const encoder = new TextEncoder();
const PROTOCOL = encoder.encode(' HTTP/');
/** In the order of TRAITS; folders lie between FOLDER and KEYS. */
const [AGENT, WHOLE_PATH, FOLDER, KEYS, VERB, REFERRER, NETWORK, PROVIDER] = [0, 1, 2, 5, 6, 7, 8, 9] as const;
/** Names take long to sort, so that their hash is remembered: so many, and then all are forgotten. */
const REMEMBERED_MAX = 4096;

export class LookHasher {
  readonly options: LookOptions;
  private readonly offset: number;
  private readonly noAgent: number;
  private readonly noKeys: number;
  private readonly absent: number;
  private readonly present: number;
  /** By a hash of a query's names in the order in which they come. */
  private readonly names = new Map<number, number>();
  private readonly decoder = new TextDecoder();

  constructor(options: LookOptions) {
    const hash = (trait: number, text: string) => hashTrait(trait, text, options.hashKey);
    this.options = options;
    this.offset = FNV_OFFSET ^ options.hashKey;
    this.noAgent = hash(AGENT, '-');
    this.noKeys = hash(KEYS, '');
    this.absent = hash(REFERRER, 'absent');
    this.present = hash(REFERRER, 'present');
  }

  /** Writes what hashLook() gives of the texts that readLook() reads. */
  hash(values: LineValues, high: number, low: number, into: Uint32Array, at: number): void {
    if (!this.hashPlain(values, into, at)) {
      hashLook(readLook(recordOf(values), high, low, this.options), this.options.hashKey, into, at);
      return;
    }
    into[at + NETWORK] = hashNetwork(high, low, 0, this.options);
    into[at + PROVIDER] = hashNetwork(high, low, 1, this.options);
  }

  /**
   * False where only texts say it: values that are not printable ASCII, and odd request lines. Nothing here is taken apart as an array:
   * so few lines are hashed that V8 does not optimize this, and each would cost as much as a hash.
   */
  private hashPlain({ bytes, starts, ends }: LineValues, into: Uint32Array, at: number): boolean {
    let method = starts[METHOD] as number;
    let methodEnd = ends[METHOD] as number;
    let path = starts[PATH] as number;
    let pathEnd = ends[PATH] as number;
    if (method < 0 || path < 0) {
      const request = starts[REQUEST] as number;
      if (request < 0) return false;
      const verbEnd = endOfMethod(bytes, request);
      const protocol = startOfProtocol(bytes, ends[REQUEST] as number);
      if (verbEnd === request || protocol <= verbEnd || bytes[verbEnd] !== SPACE) return false;
      if (method < 0) {
        method = request;
        methodEnd = verbEnd;
      }
      if (path < 0) {
        path = verbEnd + 1;
        pathEnd = protocol;
      }
    }
    const agent = starts[USER_AGENT] as number;
    into[at + AGENT] = agent < 0 ? this.noAgent : this.hashRange(bytes, agent, ends[USER_AGENT] as number);
    into[at + VERB] = this.hashRange(bytes, method, methodEnd);
    into[at + REFERRER] = (starts[REFERER] as number) < 0 ? this.absent : this.present;
    return into[at + AGENT] !== 0 && into[at + VERB] !== 0 && this.hashUrl(bytes, path, pathEnd, into, at);
  }

  private hashUrl(bytes: Uint8Array, start: number, end: number, into: Uint32Array, at: number): boolean {
    let hash = this.offset;
    let folder = at + FOLDER;
    let i = start;
    for (; i < end; i++) {
      const c = bytes[i] as number;
      if (c === QUESTION) break;
      if (c < SPACE || c > TILDE) return false;
      hash = step(hash, c);
      if (c === SLASH && i > start && folder < at + KEYS) into[folder++] = finishHash(step(hash, ASTERISK));
    }
    while (folder < at + KEYS) into[folder++] = 0;
    into[at + WHOLE_PATH] = i > start && bytes[i - 1] === ASTERISK ? 0 : finishHash(hash);
    into[at + KEYS] = this.noKeys;
    if (i === end) return true;
    let names = this.offset;
    let isName = true;
    for (let query = i + 1; query < end; query++) {
      const c = bytes[query] as number;
      if (c < SPACE || c > TILDE) return false;
      if (c === AMPERSAND) isName = true;
      if (isName) names = step(names, c);
      if (c === EQUALS) isName = false;
    }
    into[at + KEYS] = this.keysOf(names, bytes.subarray(i + 1, end));
    return true;
  }

  /** 0 unless the bytes are printable ASCII. */
  private hashRange(bytes: Uint8Array, start: number, end: number): number {
    let hash = this.offset;
    for (let i = start; i < end; i++) {
      const c = bytes[i] as number;
      if (c < SPACE || c > TILDE) return 0;
      hash = step(hash, c);
    }
    return finishHash(hash);
  }

  private keysOf(names: number, query: Uint8Array): number {
    let found = this.names.get(names);
    if (found === undefined) {
      found = hashTrait(KEYS, joinNames(this.decoder.decode(query)), this.options.hashKey);
      if (this.names.size === REMEMBERED_MAX) this.names.clear();
      this.names.set(names, found);
    }
    return found;
  }
}

/** Behind the capital letters at `start`; `start` where they are none or more than a method has. */
function endOfMethod(bytes: Uint8Array, start: number): number {
  let end = start;
  for (let c = bytes[end] as number; c >= CAPITAL_A && c <= CAPITAL_Z; c = bytes[end] as number) end++;
  return end - start > METHOD_LENGTH_MAX ? start : end;
}

/** Where ` HTTP/1.1` begins that ends at `end`; -1 where something else does. */
function startOfProtocol(bytes: Uint8Array, end: number): number {
  let version = end;
  for (let c = bytes[version - 1] as number; isVersion(c); c = bytes[version - 1] as number) version--;
  const start = version - PROTOCOL.length;
  const isThere = version < end && start >= 0 && PROTOCOL.every((c, i) => bytes[start + i] === c);
  return isThere ? start : -1;
}

const isVersion = (c: number): boolean => c === DOT || (c >= DIGIT_ZERO && c <= DIGIT_NINE);
