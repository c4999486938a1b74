/** A ban whose numbers are fetched from disk when somebody looks at them. */
import type { ActiveBan, Actor } from '../../model/audit.ts';
import type { Ban } from './projection.ts';

/**
 * A class and not a literal with a getter, because a hundred thousand of those take a hundred times as long to make.
 * For the same reason `numbers` sits in the prototype: a spread copy has none, JSON has them.
 */
export class StoredBan implements ActiveBan {
  readonly client: string;
  readonly condition: string;
  readonly tier: number;
  readonly sinceMs: number;
  readonly untilMs: number | null;
  readonly enforced: boolean;
  readonly actor: Actor;
  readonly reason: string;
  readonly auditId: number;
  readonly confirmed: boolean;
  readonly #findNumbers: (ban: Ban) => ActiveBan['numbers'];

  constructor(ban: Ban, findNumbers: (ban: Ban) => ActiveBan['numbers']) {
    this.client = ban.client;
    this.condition = ban.condition;
    this.tier = ban.tier;
    this.sinceMs = ban.sinceMs;
    this.untilMs = ban.untilMs;
    this.enforced = ban.enforced;
    this.actor = ban.actor;
    this.reason = ban.reason;
    this.auditId = ban.auditId;
    this.confirmed = ban.confirmed;
    this.#findNumbers = findNumbers;
  }

  get numbers(): ActiveBan['numbers'] {
    return this.#findNumbers(this);
  }

  toJSON(): ActiveBan {
    return { ...this, numbers: this.numbers };
  }
}
