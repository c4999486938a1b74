/** Fills the page from a snapshot. */
import { drawChart } from './chart.js';
import { makeBanRow, makeLogRow, makeRecentRow, makeTopRow, setText, syncRows } from './rows.js';
import * as words from './words.js';

const byId = (id) => document.getElementById(id);
const set = (id, text) => setText(byId(id), text);

/** The server's clock, carried on between snapshots: the reader's own may be wrong. */
let clockOffsetMs = 0;
const nowMs = () => Date.now() + clockOffsetMs;

export function showSnapshot(snapshot) {
  clockOffsetMs = snapshot.nowMs - Date.now();
  const { status } = snapshot;
  showHead(status);
  showTiles(status);
  drawChart(snapshot.rates, status.baseline?.learned.site);
  fillTable(
    'ban-rows',
    snapshot.bans,
    (ban) => ban.ip,
    () => makeBanRow(nowMs),
  );
  fillTable('top-rows', status.top_clients, (entry) => entry.name, makeTopRow);
  fillTable('log-rows', status.logs, (log) => log.path, makeLogRow);
  fillTable(
    'recent-rows',
    snapshot.recent,
    (entry) => entry.id,
    () => makeRecentRow(nowMs),
  );
  const observing = status.mode === 'observe';
  const all = observing ? status.observed_bans : status.active_bans;
  const shown = all > snapshot.bans.length ? `, the newest ${snapshot.bans.length} of ${words.count(all)}` : '';
  set('ban-rows-title', `${observing ? 'Would-be bans' : 'Active bans'}${shown}`);
}

function fillTable(id, items, keyOf, make) {
  syncRows(byId(id), items, keyOf, make);
  byId(`${id}-empty`).hidden = items.length > 0;
  byId(`${id}-table`).hidden = items.length === 0;
}

function showHead(status) {
  const [state, tone] = words.STATES[status.state] ?? [status.state, 'warn'];
  set('name', status.name);
  set('state', state);
  byId('state').className = `pill ${tone}`;
  set('mode', status.mode);
  byId('mode').className = `pill ${status.mode === 'enforce' ? 'info' : 'warn'}`;
  set('backend', status.backend);
  set('summary', words.summary(status));
  const rules = `profile ${status.profile}, sensitivity ${status.sensitivity}`;
  set('version', `zban ${status.version} · ${rules} · configuration ${status.config_version}`);
  const bans = status.mode === 'observe' ? status.observed_bans : status.active_bans;
  document.title = `${bans > 0 ? `(${bans}) ` : ''}${status.name} · zban`;
  showNotices(status);
}

function showNotices(status) {
  const notices = status.troubles.map((text) => ['bad', text]);
  if (status.fuse_blown)
    notices.unshift([
      'bad',
      `The fuse tripped: new bans are refused until ${words.clock(status.fuse_until, nowMs())}, detection goes on, existing bans stay. zban fuse reset ends it now.`,
    ]);
  if (status.incident) notices.push(['warn', words.incident(status.incident, nowMs())]);
  syncRows(
    byId('notices'),
    notices,
    ([tone, text]) => tone + text,
    () => Object.assign(document.createElement('li'), { fill: fillNotice }),
  );
}

function fillNotice([tone, text]) {
  this.className = `notice ${tone}`;
  setText(this, text);
}

function showTiles(status) {
  const { baseline } = status;
  const observing = status.mode === 'observe';
  set('bans', words.count(observing ? status.observed_bans : status.active_bans));
  set('bans-title', observing ? 'Would-be bans' : 'Active bans');
  set(
    'bans-note',
    `${words.count(status.bans_total)} bans, ${words.count(status.unbans_total)} ended, ${words.count(status.refused_total)} refused`,
  );
  set('rate', words.rate(status.site_rate_last).replace('/s', ''));
  set('rate-note', `last minute ${words.rate(status.site_rate)} · ${words.count(status.clients)} clients`);
  showBaseline(baseline);
  set('lag', status.log_lag_seconds === null ? '–' : lag(status.log_lag_seconds));
  set('lag-note', status.log_lag_seconds === null ? 'no line read yet' : 'since the newest line');
  set('lines', words.count(status.lines_total));
  set('lines-note', losses(status));
  set('load', `${words.fixed(status.cpu_percent, 1)} % · ${words.bytes(status.memory_bytes)}`);
  set(
    'load-note',
    `host ${words.fixed(status.host_cpu_percent, 0)} % CPU, ${words.fixed(status.host_memory_percent, 0)} % memory`,
  );
  set('uptime', words.span(status.uptime_seconds));
  const since = `since ${words.clock(nowMs() - status.uptime_seconds * 1000, nowMs())}`;
  set('uptime-note', status.outbox > 0 ? `${words.count(status.outbox)} messages wait for Slack` : since);
  byId('tile-rate').classList.toggle('alarm', status.incident?.ongoing === true);
}

function showBaseline(baseline) {
  showLearned('site', words.level, baseline, baseline ? `requests a second · ${origin(baseline)}` : '');
  showLearned('client', words.level, baseline, 'requests a second, each client');
  showLearned('errors', (ratio) => words.percent(ratio, 1), baseline, 'client errors (4xx), baseline', 'error_ratio');
}

/** What was learned; the floor that it is taken as stands below it. */
function showLearned(id, format, baseline, note, key = id) {
  const learned = baseline?.learned[key] ?? null;
  const [own, effective] = [format(learned), format(baseline?.[key])];
  set(id, own);
  const taken = baseline && own !== effective ? ` · taken as ${effective}` : '';
  set(`${id}-note`, `${learned === null ? 'not learned yet' : note}${taken}`);
}

const origin = ({ ready, origin: from }) =>
  !ready ? 'learning' : ({ rolling: 'last 30 minutes', hour: 'this hour of day', floor: 'floor' }[from] ?? from);

const lag = (seconds) => (seconds < 60 ? `${words.fixed(Math.max(0, seconds), 1)} s` : words.span(seconds));

/** What was refused or discarded, the largest first; nothing to say is the good case. */
function losses({ skipped, discarded }) {
  const name = (key) => key.replaceAll('_', ' ');
  const listed = [...Object.entries(skipped), ...Object.entries(discarded)].filter(([, amount]) => amount > 0);
  if (listed.length === 0) return 'none skipped';
  const worst = listed.toSorted((a, b) => b[1] - a[1]).slice(0, 3);
  return `skipped: ${worst.map(([key, amount]) => `${words.count(amount)} ${name(key)}`).join(', ')}`;
}
