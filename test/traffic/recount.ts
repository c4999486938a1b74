/** A window beside a naive recount of every request ever made. */
import assert from 'node:assert/strict';
import { Clients } from '../../src/traffic/clients.ts';
import { Window } from '../../src/traffic/window.ts';

export const SECONDS = 10;
export const START = 1_700_000_000;

interface Request {
  readonly client: number;
  readonly second: number;
  readonly weight: number;
  readonly error: number;
}

export type Step =
  | {
      readonly kind: 'request';
      readonly client: number;
      readonly late: number;
      readonly weight: number;
      readonly error: number;
    }
  | { readonly kind: 'advance'; readonly seconds: number }
  | { readonly kind: 'forget'; readonly client: number }
  | { readonly kind: 'restart'; readonly shift: number };

/** Keeps every request in a list and filters it whenever somebody asks. */
class Recount {
  newest = START;
  requests: Request[] = [];
  left: string[] = [];

  in(second = this.newest): Request[] {
    return this.requests.filter((request) => request.second > second - SECONDS && request.second <= second);
  }

  advance(): void {
    this.newest++;
    const leaving = this.requests.filter(({ second }) => second === this.newest - SECONDS);
    for (const { client, second, weight, error } of leaving) this.left.push(`${client}@${second}:1:${weight}:${error}`);
    this.requests = this.requests.filter((request) => !leaving.includes(request));
  }
}

/** Entries may be reported in parts: sum them per client and second. */
function summed(entries: readonly string[]): string[] {
  const sums = new Map<string, number[]>();
  for (const entry of entries) {
    const [key = '', ...numbers] = entry.split(':');
    const sum = sums.get(key) ?? [0, 0, 0];
    sums.set(
      key,
      sum.map((value, i) => value + Number(numbers[i])),
    );
  }
  return [...sums].map(([key, sum]) => `${key}:${sum.join(':')}`).sort();
}

export class Harness {
  readonly clients: Clients;
  readonly window: Window;
  readonly recount = new Recount();
  private readonly left: string[] = [];

  constructor(clientsMax: number) {
    this.clients = new Clients(clientsMax);
    this.window = new Window(SECONDS, this.clients, 1_000_000, (slot, second, requests, weight, errors) =>
      this.left.push(`${this.clients.low(slot)}@${second}:${requests}:${weight}:${errors}`),
    );
    this.window.newest = START;
  }

  run(step: Step): void {
    const { window, recount, clients } = this;
    if (step.kind === 'advance') {
      for (let i = 0; i < step.seconds; i++) {
        window.advance();
        recount.advance();
      }
    } else if (step.kind === 'restart') {
      window.restart(window.newest + step.shift);
      recount.newest += step.shift;
      recount.requests = [];
    } else if (step.kind === 'forget') {
      const slot = clients.find(1, step.client);
      if (slot < 0) return;
      clients.forget(slot);
      recount.requests = recount.requests.filter(({ client }) => client !== step.client);
    } else {
      const { client, weight, error } = step;
      const second = window.newest - step.late;
      const evictedBefore = clients.evicted;
      let slot = clients.find(1, client);
      if (slot < 0) slot = clients.add(1, client, second);
      if (clients.evicted > evictedBefore) {
        recount.requests = recount.requests.filter((request) => clients.find(1, request.client) >= 0);
      }
      window.add(slot, second, weight, error);
      recount.requests.push({ client, second, weight, error });
    }
  }

  check(): void {
    const { clients, window, recount } = this;
    assert.equal(window.newest, recount.newest);
    const requests = recount.in();
    assert.equal(clients.active, new Set(requests.map(({ client }) => client)).size);
    for (let client = 0; client < 12; client++) {
      const slot = clients.find(1, client);
      const own = requests.filter((request) => request.client === client);
      if (slot < 0) assert.equal(own.length, 0);
      else {
        const sums = [clients.requests(slot), clients.weight(slot), clients.errors(slot)];
        const sum = (of: (request: Request) => number) => own.reduce((total, request) => total + of(request), 0);
        assert.deepEqual(sums, [own.length, sum(({ weight }) => weight), sum(({ error }) => error)]);
      }
    }
    assert.deepEqual(summed(this.left), summed(recount.left));
  }
}
