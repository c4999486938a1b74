/** What stands in the way of zban's work: said once when it begins, kept for the status while it lasts, said once when it ends. */
import type { Log } from '../model/log.ts';

export interface Trouble {
  /** Names it while it stands. */
  readonly key: string;
  readonly what: string;
  readonly fix: string;
}

/** What was told when the instance before ended and was not over, by key, and when that was, milliseconds of `performance.now`. */
export interface StoodBefore {
  readonly troubles: Map<string, Trouble>;
  readonly atMs: number;
}

/** What stood before a reload and is found again within this time has been told. */
const FOUND_AGAIN_MS = 60_000;

/** How people are told: called once for every trouble that begins, and once for every one that is over. */
export interface TellPeople {
  readonly onBegin: (trouble: Trouble) => void;
  readonly onEnd: (trouble: Trouble) => void;
}

export interface TroublesOptions {
  readonly log: Log;
  readonly before?: StoodBefore | undefined;
}

export class Troubles {
  private readonly options: TroublesOptions;
  private readonly standing = new Map<string, Trouble>();
  private people: TellPeople | undefined;

  constructor(options: TroublesOptions) {
    this.options = options;
  }

  /** People can be told from now on, and first of what stands already. */
  tell(people: TellPeople): void {
    this.people = people;
    for (const trouble of [...this.standing.values()]) this.tellBegin(trouble);
  }

  /** Notes a trouble under a stable key; silent while the same one stands. */
  begin(key: string, what: string, fix = ''): void {
    const before = this.standing.get(key);
    const trouble = { key, what, fix };
    this.standing.set(key, trouble);
    if (before) return;
    this.options.log('error', what, { trouble: key, ...(fix && { fix }) });
    this.tellBegin(trouble);
  }

  private tellBegin(trouble: Trouble): void {
    if (this.people && !this.wasTold(trouble.key)) this.people.onBegin(trouble);
  }

  /** For the instance that follows. */
  standingNow(): StoodBefore {
    const unknown = this.options.before?.troubles ?? [];
    return { troubles: new Map([...unknown, ...this.standing]), atMs: performance.now() };
  }

  /** What ended since then is told when it begins anew. */
  private wasTold(key: string): boolean {
    const { before } = this.options;
    return before?.troubles.delete(key) === true && performance.now() - before.atMs < FOUND_AGAIN_MS;
  }

  /** What stood under this key before a reload, and was not found again since, is over: that it is must be known. */
  endBefore(key: string): void {
    const trouble = this.options.before?.troubles.get(key);
    if (!trouble) return;
    this.options.before?.troubles.delete(key);
    this.tellEnd(trouble);
  }

  /** The same for every key of which that is known. */
  endAllBefore(isOver: (key: string) => boolean): void {
    for (const key of [...(this.options.before?.troubles.keys() ?? [])]) if (isOver(key)) this.endBefore(key);
  }

  /** The trouble that this instance found is over, or not to be seen any more. */
  end(key: string): void {
    const before = this.standing.get(key);
    if (!before) return;
    this.standing.delete(key);
    this.tellEnd(before);
  }

  private tellEnd(trouble: Trouble): void {
    this.options.log('info', `over: ${trouble.what}`, { trouble: trouble.key });
    this.people?.onEnd(trouble);
  }

  /** The thing itself was looked at: there is something to say, or it works, whatever was said before a reload. */
  looked(key: string, what: string | undefined, fix?: string): void {
    this.set(key, what, fix);
    if (what === undefined) this.endBefore(key);
  }

  /** It stands while there is something to say of it. */
  set(key: string, what: string | undefined, fix?: string): void {
    if (what === undefined) this.end(key);
    else this.begin(key, what, fix);
  }

  /** In words, for the status. */
  list(): string[] {
    return [...this.standing.values()].map(({ what, fix }) => (fix ? `${what}; ${fix}` : what));
  }
}
