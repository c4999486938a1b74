/** `zban explain` for the dashboard: from the database alone, because searching the logs takes seconds. */
import { storyOfClient, storyOfEntry } from '../../cli/story/story.ts';
import { storyParagraphs } from '../../cli/story/story-text.ts';
import { describeWho } from '../../english/who.ts';
import type { Explanation } from '../../http/explanation.ts';
import { isRoutine } from '../../http/labels.ts';
import { toRecentLine } from '../../http/snapshot.ts';
import { formatPrefix, type Prefix, parsePrefix } from '../../net/prefix.ts';
import { withTrail } from '../../record/trail/open-trail.ts';
import type { InstanceParts } from '../instance-parts.ts';

const TIMELINE_MAX = 50;

/** Undefined for what is neither an address, a network nor the number of a row. Rejects with RecordError. */
export async function explain(
  subject: string,
  { config, records, reports, now }: InstanceParts,
): Promise<Explanation | undefined> {
  const prefix = parsePrefix(subject);
  const { who: finder } = reports;
  const ask = (prefixes: readonly Prefix[]) => (config.who.dns ? finder.find(prefixes) : finder.findKnown(prefixes));
  const [who = {}] = prefix ? await ask([prefix]) : [];
  return withTrail(config.state.database, ({ reader }) => {
    const row = /^#?\d{1,15}$/.test(subject) ? reader.findEntry(Number(subject.replace('#', ''))) : undefined;
    if (!prefix && !row) return undefined;
    const [bans, nowMs] = [config.bans, now()];
    const story = prefix
      ? storyOfClient(reader, prefix, bans, nowMs)
      : storyOfEntry(reader, row as NonNullable<typeof row>, bans, nowMs);
    const { trouble } = records.trail.status;
    const notes = trouble ? [`This may be out of date: ${trouble.message}`] : [];
    const silent = { activities: [], nearest: [], own: undefined, lanes: [], notes };
    const told = {
      nowMs,
      suffix: '',
      decayMs: bans.decay,
      who: describeWho(who),
      stale: trouble !== undefined,
      ...silent,
    };
    const { title, paragraphs } = storyParagraphs(story, told);
    const client = story.asked ?? (prefix && formatPrefix(prefix)) ?? null;
    const about = client === null ? [] : reader.query({ client, newestFirst: true, limit: TIMELINE_MAX });
    return {
      client: story.active?.client ?? client,
      title,
      facts: paragraphs,
      timeline: about.filter((entry) => !isRoutine(entry)).map(toRecentLine),
      isBanned: story.active !== undefined,
      isAllowed: story.allowed !== undefined,
    };
  });
}
