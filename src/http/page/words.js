/** Numbers and times in words. Pure. */

const grouped = new Intl.NumberFormat('en');
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

export const count = (value) => (isNumber(value) ? grouped.format(Math.round(value)) : '–');
export const fixed = (value, digits = 2) => (isNumber(value) ? value.toFixed(digits) : '–');
export const rate = (value) => (isNumber(value) ? `${fixed(value, value >= 100 ? 0 : value >= 10 ? 1 : 2)}/s` : '–');
export function level(value) {
  if (!value) return '–';
  const digits = value.mean >= 100 ? 0 : value.mean >= 10 ? 1 : 2;
  return `${fixed(value.mean, digits)} ± ${fixed(value.stddev, digits)}`;
}
export const percent = (ratio, digits = 0) => (isNumber(ratio) ? `${fixed(ratio * 100, digits)} %` : '–');

export function bytes(value) {
  if (!isNumber(value)) return '–';
  if (value < 1024) return `${value} B`;
  const power = Math.min(Math.floor(Math.log2(value) / 10), 4);
  const scaled = value / 1024 ** power;
  return `${scaled.toFixed(scaled < 10 ? 1 : 0)} ${'KMGT'[power - 1]}iB`;
}

/** `3d 4h`, `12m 5s`: the two largest units. */
export function span(seconds) {
  if (!isNumber(seconds)) return '–';
  const units = [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
    ['s', 1],
  ];
  let rest = Math.max(0, Math.floor(seconds));
  const parts = [];
  for (const [unit, size] of units) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0 || (unit === 's' && parts.length === 0)) parts.push(`${amount}${unit}`);
  }
  return parts.slice(0, 2).join(' ');
}

/** The reader's local clock time, with the date when it is not today. */
export function clock(time, nowMs) {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return '–';
  const text = date.toLocaleTimeString('en-GB');
  const today = date.toDateString() === new Date(nowMs).toDateString();
  return today ? text : `${date.toLocaleDateString('en-CA')} ${text}`;
}

/** As src/words/reason.ts has them; a test compares the two. */
const CONDITIONS = {
  z_score: 'far above the usual rate',
  multiplier: 'many times the usual rate',
  error_surge: 'a surge of refused requests (4xx)',
  warmup_ceiling: 'above the ceiling that holds while zban learns',
  scan: 'probing for what is not there',
  brute_force: 'guessing passwords: the same request again and again',
  scrape: 'scraping: one page after the other that hardly anybody else asks for',
  flood: 'flooding: far more requests than any use of the site makes',
  site_requests: 'many clients ask for far more than usual',
  site_newcomers: 'far more clients than usual have never been seen before',
  site_clients: 'there are far more clients than usual',
  site_z_score: 'the site is far above its usual rate',
  site_multiplier: 'the site is at many times its usual rate',
  swarm: 'many clients that look alike came from this network',
  manual: 'banned manually',
  import: 'imported by an operator',
};
export const condition = (name) => CONDITIONS[name] ?? name ?? '';

/** The anomaly of the site in sentences: what it came to, not only what is left of it. */
export function incident({ since, condition: name, verdict, peak_rate, peak_measured, ongoing }, nowMs) {
  const peaks = {
    site_newcomers: `${count(peak_measured)} new clients`,
    site_clients: `${count(peak_measured)} clients`,
  };
  const looks = { attack: 'looks like an attack', visitors: 'looks like visitors' }[verdict];
  const what = `The site has been far from its baseline since ${clock(since, nowMs)}, peak ${peaks[name] ?? rate(peak_rate)}`;
  const now = ongoing
    ? 'This alert bans nobody: see the top clients.'
    : 'It is calm now; the alert ends when that lasts.';
  return `${what}: ${looks ?? 'may be visitors or an attack'}. ${now}`;
}

/** The numbers that decided a ban; empty when an operator did. */
export function numbers(ban) {
  if (!isNumber(ban.rate) || ban.condition === 'manual') return '';
  if (isNumber(ban.points))
    return `${fixed(ban.points, 1)} points of ${fixed(ban.points_limit, 1)} · ${rate(ban.rate)}`;
  const parts = [rate(ban.rate)];
  if (isNumber(ban.multiple)) parts.push(`${fixed(ban.multiple, 1)}x`);
  if (isNumber(ban.mean)) parts.push(`of ${fixed(ban.mean)}±${fixed(ban.stddev)}/s`);
  if (isNumber(ban.z)) parts.push(`z ${fixed(ban.z, 1)}`);
  return parts.join(' · ').replace('x · of', 'x of');
}

/** What an operator wants to know first, in a sentence. */
export function summary(status) {
  const where = `log lines of ${count(status.logs.length)} ${status.logs.length === 1 ? 'file' : 'files'}`;
  if (status.state === 'starting') return 'Starting: nothing is judged yet.';
  if (status.state === 'stopping') return 'Stopping: bans stay in the firewall.';
  const doing =
    status.mode === 'observe'
      ? `Observing ${where}: would-be bans are recorded, nothing is blocked.`
      : `Protecting this host by ${where}: anomalous clients are banned through ${status.backend}.`;
  return status.state === 'warming_up'
    ? `${doing} Still learning what is normal: only the absolute ceiling bans.`
    : doing;
}

export const STATES = {
  starting: ['starting', 'info'],
  warming_up: ['learning', 'info'],
  running: ['running', 'good'],
  trouble: ['trouble', 'bad'],
  stopping: ['stopping', 'warn'],
};

const ACTIONS = {
  ban: ['ban', 'bad'],
  ban_result: ['ban result', ''],
  unban: ['unban', 'good'],
  unban_result: ['unban result', ''],
  refused: ['refused', 'warn'],
  global_anomaly: ['site anomaly', 'warn'],
  fuse: ['fuse', 'bad'],
  trouble: ['trouble', 'bad'],
};
export function action(entry) {
  if (entry.action === 'ban' && !entry.enforced) return ['would ban', 'warn'];
  return ACTIONS[entry.action] ?? [entry.action, 'info'];
}
