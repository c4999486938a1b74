import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Baseline } from '../../src/traffic/baseline.ts';
import { Clients } from '../../src/traffic/clients.ts';
import { Learner } from '../../src/traffic/learner.ts';
import { ENGINE } from '../support/engine.ts';

/** The first second of a minute. */
const START = 1_700_000_040;

class Lesson {
  readonly clients = new Clients(1000);
  readonly baseline = new Baseline({ ...ENGINE.baseline, client_mean_floor: 0.001, client_stddev_floor: 0.001 });
  readonly learner = new Learner(this.clients, this.baseline);
  readonly good = this.clients.add(1, 1, START);
  readonly bad = this.clients.add(1, 2, START);

  /** A minute in which each client leaves with its weight every second. */
  minute(start: number, good: number, bad: number, errors = 0): void {
    for (let second = start; second < start + 60; second++) {
      if (good > 0) this.learner.leave(this.good, second, good, good, 0);
      if (bad > 0) this.learner.leave(this.bad, second, bad, bad, errors);
      this.learner.closeSecond(second);
    }
  }

  effective() {
    return this.baseline.effective(START + 60);
  }
}

test('a minute teaches the site per second and every client per minute', () => {
  const lesson = new Lesson();
  lesson.minute(START, 2, 4, 3);
  const { site, client, errorRatio, siteSamples, clientSamples } = lesson.effective();
  assert.deepEqual([site.mean, siteSamples], [6, 60]);
  assert.deepEqual([client, clientSamples], [{ mean: 180, stddev: 60 }, 2]);
  assert.equal(errorRatio, 0.5);
});

test('a client that only fetched assets is no sample', () => {
  const lesson = new Lesson();
  lesson.learner.leave(lesson.good, START, 9, 0, 0);
  lesson.minute(START, 0, 1);
  assert.equal(lesson.effective().clientSamples, 1);
});

test('a flagged client teaches neither its rate nor its errors', () => {
  const lesson = new Lesson();
  lesson.clients.flag(lesson.bad, START + 59);
  lesson.minute(START, 2, 1000, 1000);
  const { site, client, errorRatio, clientSamples } = lesson.effective();
  assert.deepEqual([site.mean, client.mean, clientSamples], [2, 120, 1]);
  assert.equal(errorRatio, ENGINE.baseline.error_ratio_floor);
});

test('a client flagged during a minute is no sample of that minute, and is one of the next', () => {
  const lesson = new Lesson();
  lesson.clients.flag(lesson.bad, START + 10);
  lesson.minute(START, 2, 1000);
  assert.equal(lesson.effective().clientSamples, 1);
  lesson.minute(START + 60, 2, 4);
  assert.equal(lesson.effective().clientSamples, 3);
});

test('while the site is anomalous nothing is learned', () => {
  const lesson = new Lesson();
  lesson.minute(START, 2, 4);
  const before = lesson.effective();
  lesson.learner.suspended = true;
  lesson.minute(START + 60, 500, 4000, 4000);
  assert.deepEqual(lesson.effective(), before);
  lesson.learner.suspended = false;
  lesson.minute(START + 120, 2, 4);
  assert.deepEqual(lesson.effective().client, before.client, 'nothing of it is left for later');
});

test('a client evicted within the minute is not mistaken for the one that took its slot', () => {
  const clients = new Clients(1);
  const baseline = new Baseline({ ...ENGINE.baseline, client_mean_floor: 0.001 });
  const learner = new Learner(clients, baseline);
  learner.leave(clients.add(1, 1, START), START, 30, 30, 0);
  learner.leave(clients.add(1, 2, START), START, 5, 5, 0);
  for (let second = START; second < START + 60; second++) learner.closeSecond(second);
  const { client, clientSamples } = baseline.effective(START + 60);
  assert.deepEqual([client.mean, clientSamples], [5, 1]);
});
