/** One notification as a Slack message. Pure. */
import type { BanEvent, FuseEvent, GlobalAnomalyEnd, GlobalAnomalyEvent, GlobalAnomalyStart } from '../model/event.ts';
import type { Notification } from '../model/notification.ts';
import {
  briefReason,
  formatNumber,
  formatPercent,
  formatPoints,
  nameClient,
  tellReason,
  usualErrors,
} from '../words/reason.ts';
import { isNewNormal, looked, peakOf, usualOf } from '../words/site-reason.ts';
import { codeBlock, codeSpan, escapeText, plainText } from './markup.ts';
import { type Block, context, fields, header, payload, type SlackPayload, section } from './payload.ts';
import {
  describeCondition,
  excessLines,
  formatBaseline,
  formatMultiple,
  formatRate,
  formatSeconds,
  formatTerm,
  sampleLines,
} from './words.ts';

/** Covering bans named in one message. */
const BLOCKERS_TOLD = 5;

type Kind<K extends Notification['kind']> = Extract<Notification, { kind: K }>;

/**
 * The message for one notification. What came from a log appears in code spans and blocks only, escaped and bounded
 * by markup.ts; `hostName` says which of the operator's hosts speaks.
 */
export function formatMessage(notification: Notification, hostName: string): SlackPayload {
  switch (notification.kind) {
    case 'ban':
      return banMessage(notification, hostName);
    case 'unban':
      return unbanMessage(notification, hostName);
    case 'many':
      return manyMessage(notification, hostName);
    case 'panic':
      return panicMessage(notification, hostName);
    case 'global_anomaly':
      return notification.event.phase === 'start'
        ? anomalyStartMessage(notification.event, hostName)
        : anomalyEndMessage(notification.event, hostName);
    case 'fuse':
      return fuseMessage(notification.event, hostName);
    case 'trouble':
      return troubleMessage(notification, hostName);
    case 'test':
      return message(`✅ zban on ${hostName} can reach this channel`, [
        section('This is a test. Bans, releases, site-wide anomalies and trouble of zban itself will appear here.'),
        source(hostName, notification.time),
      ]);
  }
}

/** `headline` is plain text: the header takes it as it is, the fallback text escapes it. */
export function message(headline: string, blocks: readonly Block[]): SlackPayload {
  return payload(escapeText(headline, 300), [header(headline), ...blocks]);
}

/** The last line of every message: who speaks, and of when. */
export function source(hostName: string, time: string): Block {
  return context(`zban on ${codeSpan(hostName, 100)} · ${codeSpan(time, 40)}`);
}

function banMessage({ event, enforced, confirmed }: Kind<'ban'>, hostName: string): SlackPayload {
  const blocks: Block[] = [fields(banFields(event))];
  const reason = tellReason(event.condition, event);
  if (reason) blocks.push(section(`${reason.did} ${reason.tolerated}`));
  const samples = sampleLines(event);
  if (samples.length > 0) blocks.push(section(`*Evidence*\n${codeBlock(samples)}`));
  const undo = `Undo: ${codeSpan(`zban unban ${event.ip}`, 80)}`;
  const more = `More: ${codeSpan(`zban explain ${event.ip}`, 80)}`;
  if (!enforced) blocks.push(section(`Observe mode: nothing was blocked, there is nothing to undo. ${more}`));
  else if (confirmed) blocks.push(section(`${undo} · ${more}`));
  else
    blocks.push(
      section(`:warning: The firewall has not confirmed this ban yet: see \`zban status\`. ${undo} · ${more}`),
    );
  blocks.push(source(hostName, event.time));
  const term = formatTerm(event.duration_seconds);
  const headline = enforced
    ? `⛔ Banned ${nameClient(event.ip, event)} ${term} on ${hostName}`
    : `👀 Would ban ${nameClient(event.ip, event)} ${term} on ${hostName}`;
  return message(headline, blocks);
}

function banFields(event: BanEvent): [string, string][] {
  const tier = event.tier > 0 ? ` (tier ${formatNumber(event.tier, 0)})` : '';
  const offence: [string, string] = ['Duration', `${formatTerm(event.duration_seconds).replace('for ', '')}${tier}`];
  const who: [string, string] = ['Client', codeSpan(nameClient(event.ip, event), 60)];
  const why: [string, string] = ['Condition', describeCondition(event.condition)];
  if (event.condition === 'manual') return [who, why, offence];
  const byPoints = event.points !== undefined;
  const tolerated = byPoints ? '' : ` (tolerated: ${formatRate(event.limit)})`;
  const numbers: [string, string] = byPoints
    ? ['Points', formatPoints(event)]
    : ['Deviation', `${formatMultiple(event.multiple)} the mean, z-score ${formatNumber(event.z, 1)}`];
  return [
    who,
    why,
    numbers,
    [
      'Client errors',
      `${formatNumber(event.errors, 0)} (${formatPercent(event.error_ratio)}, usually ${usualErrors(event)})`,
    ],
    ['Rate', `${formatRate(event.rate)}${tolerated}`],
    ['Baseline', formatBaseline(event)],
    offence,
  ];
}

function unbanMessage(notification: Kind<'unban'>, hostName: string): SlackPayload {
  const [headline, text] = tellRelease(notification);
  return message(`${headline} on ${hostName}`, [section(text), source(hostName, notification.time)]);
}

/** Headline and text, by what the firewall does now. */
function tellRelease(notification: Kind<'unban'>): readonly [headline: string, text: string] {
  const { ip, enforced = true, failure, blockedBy = [], within = 0 } = notification;
  const client = codeSpan(ip, 50);
  const why = whyEnded(notification);
  if (!enforced) return [`👀 The would-be ban of ${ip} is over`, `Nothing was blocked${why}.`];
  const blocked = `🔒 ${ip} is still blocked`;
  if (failure !== undefined)
    return [
      blocked,
      `Its ban is over${why}. The firewall still holds it: ${escapeText(failure, 300)}. See \`zban status\`.`,
    ];
  if (blockedBy.length > 0) {
    const others = blockedBy.slice(0, BLOCKERS_TOLD).map((target) => codeSpan(target, 50));
    const undo = codeSpan(`zban unban ${ip}`, 80);
    return [
      blocked,
      `Its own ban is over${why}. The ban of ${others.join(', ')} still covers it. Lift that too: ${undo}`,
    ];
  }
  const inside =
    within === 1
      ? 'a part of it that is banned itself'
      : `${formatNumber(within, 0)} parts of it that are banned themselves`;
  return [`🔓 Released ${ip}`, `${client} may connect again${within === 0 ? '' : `, except ${inside}`}${why}.`];
}

/** `: lifted by anna, a customer, last ban was tier 2`; empty where nothing is known. */
function whyEnded({ operator, reason, tier }: Kind<'unban'>): string {
  const parts = [
    operator ? `lifted by ${escapeText(operator, 64)}` : '',
    escapeText(reason, 200),
    tier ? `last ban was tier ${formatNumber(tier, 0)}` : '',
  ].filter(Boolean);
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`;
}

function manyMessage({ action, operator, count, clients, reason, time }: Kind<'many'>, hostName: string): SlackPayload {
  const by = operator === null ? '' : ` by ${plainText(operator, 64)}`;
  const lines = clients.map((client) => escapeText(client, 50));
  if (count > lines.length) lines.push(`… ${count - lines.length} more`);
  const headline = action === 'ban' ? `⛔ ${count} clients banned` : `🔓 ${count} bans lifted`;
  return message(`${headline} on ${hostName}${by}`, [
    ...(lines.length === 0 ? [] : [section(codeBlock(lines))]),
    ...(reason === '' ? [] : [section(`*Why*\n${escapeText(reason, 300)}`)]),
    section(
      action === 'ban' ? 'All of them: `zban list`. Undo: `zban unban ADDRESS`' : 'What happened when: `zban audit`',
    ),
    source(hostName, time),
  ]);
}

function panicMessage({ phase, operator, reason, lifted, time }: Kind<'panic'>, hostName: string): SlackPayload {
  const who = plainText(operator, 64);
  const why = reason === '' ? [] : [section(`*Why*\n${escapeText(reason, 300)}`)];
  if (phase === 'end')
    return message(`✅ ${who} ended the panic on ${hostName}`, [
      section('zban does again what its configuration says.'),
      ...why,
      source(hostName, time),
    ]);
  return message(`🚨 ${who} stopped all banning on ${hostName}`, [
    section(`${formatNumber(lifted, 0)} bans were lifted, and zban bans nobody until \`zban panic --end\`.`),
    ...why,
    source(hostName, time),
  ]);
}

/** What a surge is called before its reasons are read. */
const SURGES: Readonly<Record<GlobalAnomalyEvent['verdict'], readonly [icon: string, name: string]>> = {
  attack: ['🚨', 'A distributed attack, by its looks'],
  visitors: ['📈', 'A crowd of visitors, by their looks'],
  unclear: ['❓', 'Visitors or an attack'],
};

function anomalyStartMessage(event: GlobalAnomalyStart, hostName: string): SlackPayload {
  const [icon, name] = SURGES[event.verdict] ?? SURGES.unclear;
  const lines = excessLines(event);
  return message(`${icon} ${name}: peak ${peakOf(event)} on ${hostName}, usually ${usualOf(event)}`, [
    section(escapeText(capital(event.detail), 500)),
    ...(lines.length === 0 ? [] : [section(`*More than usual*\n${codeBlock(lines)}`)]),
    fields([
      ['Condition', `${describeCondition(event.condition)} (${escapeText(briefReason(event.condition, event), 80)})`],
      ...ratesOf(event),
      ['Began', codeSpan(event.since, 40)],
    ]),
    section(
      event.verdict === 'visitors'
        ? 'This alert bans nobody, and coming in numbers is no reason for a ban.'
        : 'This alert bans nobody: look with `zban top`, ban with `zban ban ADDRESS` or `zban ban NETWORK`.',
    ),
    source(hostName, event.time),
  ]);
}

function anomalyEndMessage(event: GlobalAnomalyEnd, hostName: string): SlackPayload {
  const lasted = formatSeconds(event.duration_seconds);
  const headline = isNewNormal(event)
    ? `✅ Traffic of ${hostName} stays high and counts as normal now`
    : `✅ Traffic of ${hostName} is back to normal after ${lasted}, peak ${peakOf(event)}`;
  return message(headline, [
    fields([
      ['Lasted', event.since === undefined ? lasted : `${lasted} from ${codeSpan(event.since, 40)}`],
      ['Peak', peakOf(event)],
      ...ratesOf(event),
      ['Requests beyond normal', formatNumber(event.extra_requests, 0)],
      ['Clients banned meanwhile', formatNumber(event.bans, 0)],
      ['Now', formatRate(event.rate)],
    ]),
    section(`It ${looked(event)}.`),
    source(hostName, event.time),
  ]);
}

/** The rate where it says something: a flood of static files leaves it as it is. */
function ratesOf(event: GlobalAnomalyEvent): [string, string][] {
  return event.peak_rate > event.mean
    ? [['Rate', `peak ${formatRate(event.peak_rate)}, usually ${formatBaseline(event)}`]]
    : [];
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function fuseMessage(event: FuseEvent, hostName: string): SlackPayload {
  if (event.phase === 'reset')
    return message(`✅ zban on ${hostName} bans again`, [
      section(`The fuse was reset: ${escapeText(event.detail, 300)}`),
      source(hostName, event.time),
    ]);
  const until = event.until === undefined ? '' : ` until ${codeSpan(event.until, 40)}`;
  const rule =
    event.reason === 'max_per_minute'
      ? 'more new bans in a minute than `bans.max_per_minute` allows'
      : 'a larger share of the recent clients than `bans.max_share` allows';
  return message(`🚨 zban on ${hostName} stopped banning`, [
    section(`The fuse tripped: ${rule}. ${escapeText(event.detail, 300)}`),
    section(
      `Detection goes on, existing bans stay, new ones are refused${until}. Look with \`zban status\` and \`zban list\`, end it now with \`zban fuse reset\`.`,
    ),
    source(hostName, event.time),
  ]);
}

function troubleMessage({ what, mend, time }: Kind<'trouble'>, hostName: string): SlackPayload {
  const blocks = [section(`*What*\n${escapeText(what, 500)}`)];
  if (mend) blocks.push(section(`*How to mend it*\n${escapeText(mend, 500)}`));
  blocks.push(source(hostName, time));
  return message(`⚠️ zban on ${hostName} is in trouble`, blocks);
}
