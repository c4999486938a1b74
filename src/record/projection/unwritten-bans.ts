/**
 * Bans as the rows on disk have them, where newer rows are still under way: the firewall follows these, because a ban or its
 * end reaches it only after its row.
 */
import type { Ban } from './projection.ts';

interface Unwritten {
  /** What stood before the first row under way; undefined for no ban. */
  readonly before: Ban | undefined;
  /** The newest row under way about it. */
  readonly lastId: number;
}

export class UnwrittenBans {
  /** In the order of their newest rows. */
  readonly #bans = new Map<string, Unwritten>();

  get size(): number {
    return this.#bans.size;
  }

  has(client: string): boolean {
    return this.#bans.has(client);
  }

  /** What stands as far as the disk knows; undefined for no ban, and for a client of whom nothing is under way. */
  before(client: string): Ban | undefined {
    return this.#bans.get(client)?.before;
  }

  *befores(): Generator<Ban> {
    for (const { before } of this.#bans.values()) if (before) yield before;
  }

  /** Row `id` changes the ban that was `before`. */
  note(client: string, id: number, before: Ban | undefined): void {
    const known = this.#bans.get(client);
    if (known) this.#bans.delete(client);
    this.#bans.set(client, { before: known ? known.before : before, lastId: id });
  }

  /** Rows up to this one are on disk. */
  settle(id: number): void {
    for (const client of this.#bans.keys()) {
      if ((this.#bans.get(client)?.lastId ?? 0) > id) break;
      this.#bans.delete(client);
    }
  }

  /** The rows under way got other numbers, up to this one. */
  renumber(lastId: number): void {
    for (const [client, { before }] of this.#bans) this.#bans.set(client, { before, lastId });
  }

  /** Nothing is waited for any more: the disk refuses. */
  clear(): void {
    this.#bans.clear();
  }
}
