/** Names of the keys in the server. What one script touches has one hash tag, so that a Cluster keeps it on one node. */
import { hashText } from '../traffic/hash.ts';

/** Counts are spread over so many hash tags. */
export const SHARDS = 64;

export class Keys {
  /** Stream of decisions. */
  readonly bans: string;
  /** Bans in force by their end, and their entries. */
  readonly active: string;
  readonly details: string;
  /** Targets whose bans people lifted, by when, and the entries of that. */
  readonly lifted: string;
  readonly releases: string;
  /** Entries that people allowed or disallowed. */
  readonly allowed: string;
  readonly panic: string;
  /** What the server was when it was empty: another value is another server. */
  readonly epoch: string;
  /** Who is there: heartbeats. */
  readonly hosts: string;
  /** Stream of clients put on watch. */
  readonly watch: string;
  /** What zban doctor tries its rights on. */
  readonly trial: string;
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
    const key = (what: string) => `zban:{${name}}:${what}`;
    this.bans = key('bans');
    this.active = key('active');
    this.details = key('details');
    this.lifted = key('lifted');
    this.releases = key('releases');
    this.allowed = key('allowed');
    this.panic = key('panic');
    this.epoch = key('epoch');
    this.hosts = key('hosts');
    this.watch = key('watch');
    this.trial = key('doctor');
  }

  /** Of a heartbeat, in the order of its script. */
  get beat(): readonly string[] {
    const { hosts, epoch, panic, watch, bans, active, details, lifted, releases, allowed } = this;
    return [hosts, epoch, panic, watch, bans, active, details, lifted, releases, allowed];
  }

  /** Which batches of counts a shard has taken. */
  batches(shard: number): string {
    return `${this.shard(shard)}:batches`;
  }

  counts(shard: number, client: string): string {
    return `${this.shard(shard)}:c:${client}`;
  }

  private shard(shard: number): string {
    return `zban:{${this.name}:${shard}}`;
  }
}

/** The shard of a client: all hosts choose the same one by its text. */
export function shardOf(client: string): number {
  return hashText(client) % SHARDS;
}
