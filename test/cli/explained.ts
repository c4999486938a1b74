/** What `zban explain` says of rows as the daemon writes them. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Searched } from '../../src/cli/story/log-search.ts';
import { storyOfClient, storyOfEntry } from '../../src/cli/story/story.ts';
import { formatStory } from '../../src/cli/story/story-text.ts';
import type { AuditDraft } from '../../src/model/audit.ts';
import type { Condition } from '../../src/model/event.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import { withTrail } from '../../src/record/trail/open-trail.ts';
import { evidenceOf } from '../support/evidence.ts';
import type { RowChanges } from '../support/rows.ts';
import { banDraft, record } from './recorded.ts';

process.env['TZ'] = 'UTC';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** 2026-11-20 10:11:12. */
export const BANNED = Date.UTC(2026, 10, 20, 10, 11, 12);
export const NOW = BANNED + 3 * MINUTE;
export const CLIENT = '203.0.113.9';
export const OPTIONS = {
  schedule: [10 * MINUTE, 30 * MINUTE, 2 * HOUR, null],
  decay: 7 * DAY,
  allowlist: ['192.0.2.0/24'],
};

export function judged(condition: Condition, changes: RowChanges = {}): AuditDraft {
  const { condition: _, ...numbers } = evidenceOf(condition);
  return banDraft(CLIENT, { timeMs: BANNED, condition, numbers, ...changes });
}

export const result = (action: AuditDraft['action'], changes: RowChanges = {}): AuditDraft => {
  const none = { condition: null, numbers: null, tier: null, durationSeconds: null, actor: 'system' } as const;
  return banDraft(CLIENT, { ...none, timeMs: BANNED + 1000, action, detail: 'ok', ...changes });
};

/** Without the breaks between lines. */
export const flat = (text: string): string => text.replace(/\s+/g, ' ');

/** What is said of a client, or of the row with this number. */
export function explain(
  t: TestContext,
  drafts: readonly AuditDraft[],
  subject: string | number = CLIENT,
  nowMs = NOW,
  searched: Partial<Searched> = {},
): Promise<string> {
  const { path } = record(t, drafts);
  return withTrail(path, ({ reader }) => {
    const entry = typeof subject === 'number' ? reader.findEntry(subject) : undefined;
    const prefix = parsePrefix(String(subject));
    assert.ok(entry ?? prefix);
    const story = entry
      ? storyOfEntry(reader, entry, OPTIONS, nowMs)
      : storyOfClient(reader, prefix as NonNullable<typeof prefix>, OPTIONS, nowMs);
    return formatStory(story, {
      nowMs,
      suffix: '',
      decayMs: OPTIONS.decay,
      stale: false,
      ...{ activities: [], nearest: [], own: undefined, lanes: [], notes: [], who: '' },
      ...searched,
    });
  });
}
