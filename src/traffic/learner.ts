/** Feeds the baseline from the seconds that leave the window: by then late lines are in, and attackers are known. */
import type { Baseline } from './baseline.ts';
import type { Clients } from './clients.ts';

const MINUTE = 60;

export class Learner {
  /** While true nothing is learned (the site as a whole is anomalous). */
  suspended = false;
  private readonly clients: Clients;
  private readonly baseline: Baseline;
  private minuteClients: number[] = [];
  private weight = 0;
  private requests = 0;
  private errors = 0;

  constructor(clients: Clients, baseline: Baseline) {
    this.clients = clients;
    this.baseline = baseline;
  }

  /** An entry leaves the window; flagged clients teach nothing. */
  leave(slot: number, second: number, requests: number, weight: number, errors: number): void {
    const { clients } = this;
    if (this.suspended || clients.flaggedUntil(slot) >= second) return;
    this.weight += weight;
    this.requests += requests;
    this.errors += errors;
    if (clients.learn(slot, weight) === 0 && weight > 0) this.minuteClients.push(slot);
  }

  /** The whole second has left. */
  closeSecond(second: number): void {
    if (!this.suspended) {
      this.baseline.learnSecond(this.weight);
      if (this.requests > 0) this.baseline.learnErrors(this.requests, this.errors);
    }
    this.weight = this.requests = this.errors = 0;
    if ((second + 1) % MINUTE !== 0) return;
    const { clients } = this;
    for (const slot of this.minuteClients) {
      const weight = clients.takeLearned(slot);
      if (weight > 0 && clients.flaggedUntil(slot) < second - MINUTE + 1) this.baseline.learnClient(weight);
    }
    this.minuteClients = [];
    this.baseline.closeMinute(second + 1);
  }
}
