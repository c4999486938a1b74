import type { AuditEntry } from '../../core/audit.ts';
import { formatPrefix, parsePrefix } from '../../core/net/prefix.ts';
import type { TrailReader } from '../../record/trail-reader.ts';
import { type Context, requireSections } from '../context.ts';
import { CommandError, EXIT } from '../exit.ts';
import { explainEntry, type Story } from '../story.ts';
import { printable } from '../text.ts';
import { withTrail } from '../trail.ts';
import { entryJson } from './audit.ts';
import { listEntry } from './list.ts';

/** Entries looked at for one client, newest first. */
const ENTRIES_MAX = 500;

/** `zban explain`: the latest judgement of a client, or the one with this number, in plain words. */
export async function explain(context: Context, options: { readonly subject: string }): Promise<number> {
  const { output, json, now } = context;
  const { database } = requireSections(context, ['state']).state;
  const story = await withTrail(database, ({ reader }) => findStory(reader, options.subject, now()));
  if (json) {
    const { entry, results, active, offences } = story;
    const ban = active === undefined ? null : listEntry(active);
    output.json({
      entry: entryJson(entry),
      results: results.map(entryJson),
      offences: offences.map(entryJson),
      active: ban,
    });
  } else output.data(explainEntry(story, now()));
  return EXIT.done;
}

function findStory(reader: TrailReader, subject: string, nowMs: number): Story {
  const entry = /^#?\d{1,15}$/.test(subject)
    ? reader.findEntry(Number(subject.replace('#', '')))
    : findJudgement(reader, subject);
  if (entry === undefined) {
    throw new CommandError(EXIT.notFound, `nothing is recorded about ${printable(subject)}`);
  }
  const { client, id } = entry;
  const active = reader.activeBans(nowMs).find((ban) => ban.client === client);
  const about = client === null ? [] : aboutClient(reader, client).filter((other) => other.client === client);
  const next = about.find((other) => other.id > id && other.action === 'ban')?.id ?? Number.POSITIVE_INFINITY;
  return {
    entry,
    results: about.filter((other) => other.id > id && other.id < next && other.action !== 'refused'),
    offences: about.filter((other) => other.action === 'ban' && other.id <= id),
    // Its numbers are looked at when the database is closed.
    active: active && { ...active, numbers: active.numbers },
  };
}

/** Oldest first, networks that cover the client included. */
function aboutClient(reader: TrailReader, client: string): readonly AuditEntry[] {
  return reader.query({ client, newestFirst: true, limit: ENTRIES_MAX }).reverse();
}

/** The newest ban of the client or of a network that covers it; else what was refused; else whatever was last. */
function findJudgement(reader: TrailReader, subject: string): AuditEntry | undefined {
  const prefix = parsePrefix(subject);
  if (prefix === undefined) {
    const message = `${printable(subject)} is neither an address, a network nor the number of an entry`;
    throw new CommandError(EXIT.usage, message);
  }
  const about = aboutClient(reader, formatPrefix(prefix));
  return (
    about.findLast((entry) => entry.action === 'ban') ??
    about.findLast((entry) => entry.action === 'refused') ??
    about.at(-1)
  );
}
