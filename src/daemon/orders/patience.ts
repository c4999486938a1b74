/** How long an order waits for the firewall: who ordered a few things hears in seconds what is known, and the work goes on. */
import { inTime } from '../../host/in-time.ts';
import { FEW } from '../../model/reconcile.ts';

/** A lock that somebody else holds is waited for 5 s by default (`firewall.command_timeout`), and its failure is in the answer. */
const ANSWER_MS = 8000;

export class Patience {
  private readonly answerMs: number;
  private readonly late = new Set<string>();

  constructor(answerMs = ANSWER_MS) {
    this.answerMs = answerMs;
  }

  /** False where it takes too long; of `count` that are many, and show their progress, everything is waited for. */
  wait(count: number, work: Promise<unknown>): Promise<boolean> {
    const done = work.then(() => true);
    return count > FEW ? done : inTime(done, this.answerMs, false);
  }

  /** The same for bans that are lifted. */
  async waitForLift(clients: readonly string[], work: Promise<unknown>): Promise<boolean> {
    if (await this.wait(clients.length, work)) return true;
    for (const client of clients) this.late.add(client);
    void work.finally(() => {
      for (const client of clients) this.late.delete(client);
    });
    return false;
  }

  /** Its ban was lifted, and what came of it was not waited for and is not known yet. */
  isLifting(client: string): boolean {
    return this.late.has(client);
  }
}
