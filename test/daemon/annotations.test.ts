import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANNOTATION_KEY, Annotations } from '../../src/daemon/reports/annotations.ts';
import { type EnrichOptions, enrich } from '../../src/daemon/reports/enrich.ts';
import type { AuditDraft, AuditEntry } from '../../src/model/audit.ts';
import type { Notification } from '../../src/model/notification.ts';
import { anomaly, anomalyEnd, ban, fuse, trouble, unban } from '../notify/examples.ts';

const NOW = Date.parse('2026-11-20T10:20:12Z');
const MINUTE = 60_000;

function make(saved?: Uint8Array) {
  const drafts: AuditDraft[] = [];
  const kept = new Map<string, Uint8Array>();
  const annotations = new Annotations({
    saved,
    now: () => NOW,
    record: (draft, state) => {
      drafts.push(draft);
      for (const [key, bytes] of Object.entries(state)) kept.set(key, bytes);
      return [{ ...draft, id: drafts.length } as AuditEntry];
    },
  });
  return { annotations, drafts, kept };
}

test('an annotation is a row of the trail under its author', () => {
  const { annotations, drafts } = make();
  assert.equal(annotations.add('deploy 1.4.2', 'ann')?.id, 1);
  const [{ action, actor, detail, timeMs } = assert.fail()] = drafts;
  assert.deepEqual([action, actor, detail, timeMs], ['annotate', 'operator:ann', 'deploy 1.4.2', NOW]);
});

test('it is mentioned for half an hour, also after a restart', () => {
  const { annotations, kept } = make();
  assert.equal(annotations.describe(NOW), undefined);
  annotations.add('deploy 1.4.2', 'ann');
  const { annotations: restarted } = make(kept.get(ANNOTATION_KEY));
  for (const one of [annotations, restarted]) {
    assert.equal(one.describe(NOW + 59_000), 'just after deploy 1.4.2');
    assert.equal(one.describe(NOW + 9 * MINUTE + 30_000), '9 min after deploy 1.4.2');
    assert.equal(one.describe(NOW + 31 * MINUTE), undefined);
    assert.equal(one.describe(NOW - 1), undefined, 'not of what came before');
  }
});

const OPTIONS: EnrichOptions = {
  findNote: () => '9 min after deploy 1.4.2',
  describeWho: (clients) => clients.map(() => 'AS64500 Example, FR'),
  siteRate: () => 10,
  now: () => NOW,
};

test('what begins mentions it, what ends does not', () => {
  const over = { ...trouble, phase: 'end' } as Notification;
  const told = enrich([ban(), anomaly(), fuse, trouble, anomalyEnd(), over, unban('203.0.113.9')], OPTIONS);
  assert.deepEqual(
    told.map(({ after }) => after !== undefined),
    [true, true, true, true, false, false, false],
  );
});

test('a ban says who the client is and what part of the requests were its own', () => {
  const [told] = enrich([ban({ rate: 5 })], OPTIONS);
  assert.ok(told?.kind === 'ban');
  assert.deepEqual([told.who, told.share], ['AS64500 Example, FR', 0.5]);
  const [alone] = enrich([ban({ rate: 50 })], OPTIONS);
  assert.equal(alone?.kind === 'ban' && alone.share, 1, 'never more than all');
  const [unknown] = enrich([ban()], { ...OPTIONS, describeWho: () => [''], siteRate: () => undefined });
  assert.ok(unknown && !('who' in unknown) && !('share' in unknown));
});
