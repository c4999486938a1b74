import type { ActiveBan, AuditEntry } from '../../core/audit.ts';
import { formatPrefix, parsePrefix, prefixContains } from '../../core/net/prefix.ts';
import { type Context, requireConfig } from '../context.ts';
import { CommandError, EXIT } from '../exit.ts';
import { explainEntry, type Story } from '../story.ts';
import { printable } from '../text.ts';
import { openTrail, type TrailReader } from '../trail.ts';
import { listEntry } from './list.ts';

/** Entries looked at for one client, newest first. */
const ENTRIES_MAX = 500;

/** `zban explain`: the latest judgement of a client, or the one with this number, in plain words. */
export async function explain(context: Context, options: { readonly subject: string }): Promise<number> {
  const { output, json, now } = context;
  const trail = openTrail(requireConfig(context).state.database);
  try {
    const story = findStory(trail, options.subject, now());
    if (json) {
      const { entry, results, active, offences } = story;
      output.json({ entry, results, offences, active: active === undefined ? null : listEntry(active) });
    } else output.data(explainEntry(story, now()));
    return EXIT.done;
  } finally {
    trail.close();
  }
}

const JUDGEMENTS: readonly string[] = ['ban', 'refused'];

function findStory(trail: TrailReader, subject: string, nowMs: number): Story {
  const entry = /^#?\d{1,15}$/.test(subject)
    ? trail.findEntry(Number(subject.replace('#', '')))
    : findJudgement(trail, subject, nowMs);
  if (entry === undefined) {
    throw new CommandError(EXIT.notFound, `nothing is recorded about ${printable(subject)}`);
  }
  const { client } = entry;
  const about = client === null ? [] : trail.entries({ client, last: ENTRIES_MAX });
  const next = about.find((other) => other.id > entry.id && other.action === 'ban')?.id ?? Number.POSITIVE_INFINITY;
  return {
    entry,
    results: about.filter((other) => other.id > entry.id && other.id < next && other.action !== 'refused'),
    offences: about.filter((other) => other.action === 'ban' && other.id <= entry.id),
    active: trail.activeBans(nowMs).find((ban) => ban.client === client),
  };
}

/** The newest ban of the client; else of what covers it, so that `2001:db8::5` finds its /64; else what was refused. */
function findJudgement(trail: TrailReader, subject: string, nowMs: number): AuditEntry | undefined {
  const prefix = parsePrefix(subject);
  if (prefix === undefined) {
    throw new CommandError(
      EXIT.usage,
      `${printable(subject)} is neither an address, a network nor the number of an entry`,
    );
  }
  const covers = (ban: ActiveBan) => {
    const banned = parsePrefix(ban.client);
    return banned !== undefined && prefixContains(banned, prefix);
  };
  const names = [
    formatPrefix(prefix),
    ...trail
      .activeBans(nowMs)
      .filter(covers)
      .map((ban) => ban.client),
  ];
  if (prefix.family === 6 && prefix.bits > 64) {
    const host = BigInt(64);
    names.push(formatPrefix({ family: 6, value: (prefix.value >> host) << host, bits: 64 }));
  }
  for (const client of names) {
    const about = trail.entries({ client, last: ENTRIES_MAX });
    const judged = about.findLast((entry) => JUDGEMENTS.includes(entry.action)) ?? about.at(-1);
    if (judged !== undefined) return judged;
  }
  return undefined;
}
