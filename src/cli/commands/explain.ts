import type { Config } from '../../config/schema.ts';
import { type EngineState, engineStateKey, parseEngineState } from '../../engine/engine-state.ts';
import { describeReason } from '../../english/reason.ts';
import { describeWho } from '../../english/who.ts';
import { findRobots } from '../../host/robots.ts';
import { printable } from '../../model/text.ts';
import type { Who } from '../../model/who.ts';
import { findTranslated } from '../../net/client-key.ts';
import { formatPrefix, parsePrefix } from '../../net/prefix.ts';
import { withTrail } from '../../record/trail/open-trail.ts';
import type { TrailReader } from '../../record/trail/trail-reader.ts';
import { type Context, loadPermitted, requireSections } from '../context.ts';
import type { Given } from '../definitions/command.ts';
import type { EXPLAIN } from '../definitions/reading.ts';
import { CommandError, EXIT, wrongUsage } from '../exit.ts';
import { whatIsMeant } from '../options.ts';
import { warnIfStale } from '../stale.ts';
import { findLaneSpans } from '../story/lane-hits.ts';
import { type Searched, searchLogs } from '../story/log-search.ts';
import { robotNote } from '../story/robot-note.ts';
import { type Story, type StoryOptions, storyOfClient, storyOfEntry } from '../story/story.ts';
import { commandsOf, formatStory } from '../story/story-text.ts';
import { entryJson } from './audit.ts';
import { listEntry } from './list.ts';
import { askWho, whoJson } from './who.ts';

const UNSEARCHED: Searched = {
  activities: [],
  nearest: [],
  own: undefined,
  lanes: [],
  notes: ['the logs were not searched: see zban check'],
};

/** `zban explain`: the latest judgement of a client, or the one with this number, in plain words. */
export async function explain(context: Context, options: Given<typeof EXPLAIN>): Promise<number> {
  const { output, json, now, configPath } = context;
  const { state, bans } = requireSections(context, ['state', 'bans']);
  const loaded = loadPermitted(context);
  const look = async (subject: string): Promise<Told> => {
    const { story, learned, lanes } = await withTrail(state.database, ({ reader }) => ({
      story: findStory(reader, subject, bans, now()),
      learned: loaded.ok ? findLearned(reader, loaded.config.profile) : undefined,
      lanes: loaded.ok ? findLaneSpans(reader) : [],
    }));
    if (!loaded.ok) return { story, searched: UNSEARCHED };
    return {
      story,
      searched: withRobotNote(await searchLogs(loaded.config, story, learned, lanes, now), loaded.config, story),
    };
  };
  const stale = await warnIfStale(context);
  const own = await look(options.subject);
  const { story, searched } = loaded.ok ? await lookBehindTranslators(own, loaded.config, look) : own;
  if (isUnknown(story, searched)) {
    const message = `nothing is recorded about ${printable(options.subject)}, and it sent no request in the last hour of the logs`;
    throw new CommandError(EXIT.notFound, [message, ...searched.notes.map(printable)].join('\n'));
  }
  const who = loaded.ok ? await findWho(story, loaded.config) : {};
  const suffix = configPath === undefined ? '' : ` --config ${quoted(configPath)}`;
  const commands = commandsOf(story, suffix);
  if (json)
    output.json({ ...storyJson(story), stale: stale ?? null, who: whoJson(who), ...searchedJson(searched), commands });
  else
    output.data(
      formatStory(story, {
        nowMs: now(),
        suffix,
        decayMs: bans.decay,
        who: describeWho(who),
        stale: stale !== undefined,
        ...searched,
      }),
    );
  return EXIT.done;
}

interface Told {
  readonly story: Story;
  readonly searched: Searched;
}

/**
 * An IPv4 address that asked for nothing may have asked through a translator, under another name. That one is told where
 * nothing is known of the address itself, else named.
 */
async function lookBehindTranslators(
  own: Told,
  { detection }: Config,
  look: (subject: string) => Promise<Told>,
): Promise<Told> {
  const { asked = '' } = own.story;
  const prefix = parsePrefix(asked);
  if (prefix?.family !== 4 || prefix.bits !== 32 || hasAsked(own.searched)) return own;
  for (const name of findTranslated(prefix, detection).map(formatPrefix)) {
    const other = await look(name);
    if (isUnknown(other.story, other.searched)) continue;
    const isNews = isUnknown(own.story, own.searched);
    const told = isNews ? other : own;
    const command = isNews ? '' : ` (zban explain ${name})`;
    const note = `through a translator ${asked} arrives as ${name}${command}, which a ban of ${asked} does not stop`;
    return { ...told, searched: { ...told.searched, notes: [...told.searched.notes, note] } };
  }
  return own;
}

function hasAsked({ activities }: Searched): boolean {
  return activities.some(({ activity }) => activity !== undefined);
}

/** What the engine had learned when it was last saved. */
function findLearned(reader: TrailReader, profile: string): EngineState | undefined {
  const bytes = reader.findState(engineStateKey(profile));
  try {
    return bytes && parseEngineState(bytes);
  } catch {
    return undefined;
  }
}

async function findWho({ asked, entry }: Story, config: Config): Promise<Who> {
  const prefix = parsePrefix(asked ?? entry?.client ?? '');
  const [who = {}] = prefix ? await askWho(config, [prefix]) : [];
  return who;
}

function withRobotNote(searched: Searched, { detection }: Config, { asked, entry }: Story): Searched {
  const client = parsePrefix(entry?.client ?? asked ?? '');
  const agents = searched.activities.flatMap(({ activity }) => activity?.top_user_agents.map(({ name }) => name) ?? []);
  // What is wrong with a list of the operator's, zban doctor says.
  const robots = findRobots(detection.robots);
  const note = client && robotNote(robots, client, agents);
  return note === undefined ? searched : { ...searched, notes: [...searched.notes, note] };
}

function isUnknown({ entry, within }: Story, searched: Searched): boolean {
  return entry === undefined && within.length === 0 && !hasAsked(searched);
}

function findStory(reader: TrailReader, subject: string, options: StoryOptions, nowMs: number): Story {
  if (/^#?\d{1,15}$/.test(subject)) {
    const entry = reader.findEntry(Number(subject.replace('#', '')));
    if (entry) return storyOfEntry(reader, entry, options, nowMs);
    throw new CommandError(EXIT.notFound, `nothing is recorded about ${printable(subject)}`);
  }
  const prefix = parsePrefix(subject);
  if (prefix === undefined) {
    const message = `${printable(subject)} is neither an address, a network nor the number of an entry${whatIsMeant(subject)}`;
    throw wrongUsage(message);
  }
  return storyOfClient(reader, prefix, options, nowMs);
}

function searchedJson({ activities, nearest, own, lanes, notes }: Searched): Readonly<Record<string, unknown>> {
  const time = (ms: number) => new Date(ms).toISOString();
  return {
    activities: activities.map(({ name, fromMs, untilMs, activity }) => ({
      ...{ name, from: time(fromMs), until: time(untilMs) },
      ...(activity ?? { requests: 0 }),
    })),
    nearest,
    own_requests: own ?? null,
    lanes: lanes.map(({ fromMs, untilMs, ...lane }) => ({
      ...lane,
      ...{ since: time(fromMs), until: untilMs === undefined ? null : time(untilMs) },
    })),
    notes,
  };
}

function storyJson(story: Story): Readonly<Record<string, unknown>> {
  const { asked, entry, results, before, active, alsoActive, within, allowed, next } = story;
  return {
    client: asked ?? null,
    entry: entry ? entryJson(entry) : null,
    reason: entry?.condition ? (describeReason(entry.condition, entry.numbers ?? {}) ?? null) : null,
    results: results.map(entryJson),
    earlier_bans: before.map(entryJson),
    active: active ? listEntry(active) : null,
    also_active: alsoActive.map(listEntry),
    within: within.map(entryJson),
    allowed: allowed ?? null,
    next: { tier: next.tier, duration_seconds: next.durationMs === null ? null : next.durationMs / 1000 },
  };
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
