/** What an operator wants to know first, in a sentence. Times in it are RFC 3339: the page shows them by the server's clock. */

import { describeTripped } from '../english/fuse.ts';
import { countOf, formatCount } from '../english/number.ts';
import { describeProgress, progressOf } from '../english/progress.ts';
import { peakOf } from '../english/site-reason.ts';
import { looks } from '../english/surge.ts';
import type { Status } from '../model/status.ts';

export type Tone = 'good' | 'info' | 'warn' | 'bad';

export interface Verdict {
  readonly tone: Tone;
  readonly title: string;
  readonly text: string;
}

/** The logs are this far behind, seconds: what is shown is of then. */
const LAG_SECONDS = 60;

const addresses = (value: number) => `${formatCount(value)} ${value === 1 ? 'address is' : 'addresses are'}`;

/** The most pressing of what is so. */
export function describeVerdict(status: Status): Verdict {
  return (
    describeState(status) ??
    describeIncident(status) ??
    describeFuse(status) ??
    describeTrouble(status) ??
    describeQuiet(status)
  );
}

/** Everything else that must be known. */
export function listNotices(status: Status): readonly Verdict[] {
  const all = [describeIncident(status), describeFuse(status), ...status.troubles.map(troubleOf)];
  const { title } = describeVerdict(status);
  return all.filter((notice) => notice !== undefined).filter((notice) => notice.title !== title);
}

function describeState({ state, panic, warm_start }: Status): Verdict | undefined {
  if (state === 'starting')
    return {
      tone: 'info',
      title: 'Starting',
      text: `zban is reading the past of the logs${warm_start ? `: ${describeProgress(progressOf(warm_start), 'lines')}` : ''}. Nobody is judged until it is done.`,
    };
  if (state === 'stopping') return { tone: 'warn', title: 'Stopping', text: 'Bans in force stay in the firewall.' };
  if (!panic) return undefined;
  const reason = panic.reason === '' ? '' : ` (${panic.reason})`;
  return {
    tone: 'bad',
    title: `All banning is stopped since ${panic.since}`,
    text: `${panic.by} stopped it${reason}. Nobody is banned until somebody runs: zban panic --end`,
  };
}

function describeIncident({ incident, clients }: Status): Verdict | undefined {
  if (!incident) return undefined;
  const { verdict, since, ongoing } = incident;
  const names = { attack: 'Distributed attack', visitors: 'Unusually many visitors', unclear: 'Unusual traffic' };
  const peak = peakOf(incident).replace(/\d{4,}/, (digits) => formatCount(Number(digits)));
  const title = `${names[verdict]} since ${since}: ${peak} at the peak`;
  if (!ongoing) return { tone: 'warn', title, text: 'Calm at the moment; the alert ends when that lasts.' };
  const guess = verdict === 'unclear' ? 'It may be visitors or an attack' : `It ${looks(incident.verdict)}`;
  return {
    tone: verdict === 'visitors' ? 'warn' : 'bad',
    title,
    text: `${guess}; ${countOf(clients, 'client')} in the window. This alert alone bans nobody: clients are banned for what each of them does.`,
  };
}

function describeFuse({ fuse_tripped, fuse_until, profile }: Status): Verdict | undefined {
  if (!fuse_tripped) return undefined;
  return {
    tone: 'bad',
    title: `The fuse is tripped until ${fuse_until}`,
    text: `Too many clients would have been banned at once: ${describeTripped(profile)}. Bans in force stay. Reset: zban fuse reset`,
  };
}

const troubleOf = (text: string): Verdict => ({ tone: 'bad', title: text, text: '' });

function describeTrouble({ troubles, log_lag_seconds }: Status): Verdict | undefined {
  const [first] = troubles;
  if (first !== undefined) return troubleOf(first);
  if (log_lag_seconds === null || log_lag_seconds <= LAG_SECONDS) return undefined;
  return {
    tone: 'warn',
    title: `zban is ${formatCount(Math.round(log_lag_seconds / 60))} min behind the logs`,
    text: 'What you see is from then. zban cannot keep up, nginx writes late (buffer=), or a clock is wrong.',
  };
}

function describeQuiet(status: Status): Verdict {
  const { state, mode, active_bans, observed_bans, logs } = status;
  const blocking =
    status.backend === 'dry-run' ? 'blocking nobody: firewall.backend is dry-run' : `blocking via ${status.backend}`;
  const followed = logs.filter((log) => log.state === 'following').length;
  const source =
    followed === logs.length ? countOf(followed, 'log') : `${formatCount(followed)} of ${countOf(logs.length, 'log')}`;
  const doing =
    mode === 'observe'
      ? `Observe mode: zban blocks nobody and records who would be banned${observed_bans > 0 ? `, ${formatCount(observed_bans)} at the moment` : ''}.`
      : `${active_bans === 0 ? 'Nobody is banned.' : `${addresses(active_bans)} banned.`} Following ${source}, ${blocking}.`;
  if (state === 'warming_up')
    return {
      tone: 'info',
      title: 'Learning what is normal',
      text: `Until then limits are higher, and nobody is held against the usual rate. ${doing}`,
    };
  return { tone: 'good', title: 'All normal', text: doing };
}
