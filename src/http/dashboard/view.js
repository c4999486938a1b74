/** Fills the page from a snapshot: head, verdict, numbers, decisions, clients, logs. */
import { button, byId, element, set, setText, syncList } from './dom.js';
import { openDrawer, openLane } from './drawer.js';
import * as format from './format.js';

export function showSnapshot(snapshot) {
  format.setClock(snapshot.nowMs);
  format.setZone(snapshot.zone);
  const { status } = snapshot;
  document.body.classList.toggle('acting', snapshot.actions);
  showHead(status);
  showVerdict(snapshot);
  showNumbers(status);
  showNormal(status.baseline);
  syncList(byId('recent'), snapshot.recent, ({ id }) => id, makeDecision);
  byId('recent-empty').hidden = snapshot.recent.length > 0;
  syncList(byId('top'), status.top_clients, ({ name }) => name, makeTop);
  byId('top-empty').hidden = status.top_clients.length > 0;
  syncList(byId('logs'), status.logs, ({ path }) => path, makeLog);
}

const STATES = {
  starting: ['starting', 'info'],
  warming_up: ['learning', 'info'],
  running: ['running', 'good'],
  trouble: ['trouble', 'bad'],
  stopping: ['stopping', 'warn'],
};

function showHead(status) {
  const [state, tone] = STATES[status.state] ?? [status.state, 'warn'];
  set('name', status.name);
  set('state', state);
  byId('state').className = `pill ${tone}`;
  set('mode', status.mode);
  byId('mode').className = `pill ${status.mode === 'enforce' ? 'info' : 'warn'}`;
  set('backend', status.mode === 'enforce' ? status.backend : '');
  const bans = status.mode === 'observe' ? status.observed_bans : status.active_bans;
  document.title = `${bans > 0 ? `(${format.count(bans)}) ` : ''}${status.name} · zban`;
  const load = `${format.fixed(status.cpu_percent, 1)} % CPU, ${format.bytes(status.memory_bytes)}`;
  set(
    'about',
    `zban ${status.version} · profile ${status.profile}, sensitivity ${status.sensitivity} · configuration ${status.config_version}`,
  );
  set(
    'machine',
    `zban takes ${load} · host ${format.fixed(status.host_cpu_percent, 0)} % CPU, ${format.fixed(status.host_memory_percent, 0)} % memory · times are ${format.zoneName()}`,
  );
}

const SIGNS = { good: '✓', info: 'i', warn: '!', bad: '!' };

function showVerdict({ verdict, notices, lanes }) {
  byId('verdict').className = `verdict ${verdict.tone}`;
  set('verdict-sign', SIGNS[verdict.tone]);
  set('verdict-title', format.withClocks(verdict.title));
  set('verdict-text', format.withClocks(verdict.text));
  syncList(byId('notices'), notices, ({ title }) => title, makeNotice);
  syncList(byId('lanes'), lanes, ({ id }) => id, makeLane);
}

const makeLane = () => makeNotice(openLane);

/** With a button, where something can be done about it. */
function makeNotice(act) {
  const [title, text] = [element('strong'), element('span')];
  const node = element('li', '', title, ' ', text);
  let item;
  const drop = act && button('Drop', 'small acts', () => act(item));
  if (drop) node.append(' ', drop);
  node.fill = (notice) => {
    item = notice;
    node.className = `notice ${notice.tone}`;
    setText(title, format.withClocks(notice.title));
    setText(text, format.withClocks(notice.text));
  };
  return node;
}

function showNumbers(status) {
  const observing = status.mode === 'observe';
  const bans = observing ? status.observed_bans : status.active_bans;
  set('bans-now', format.count(bans));
  set('bans-now-title', observing ? 'Would be banned' : 'Banned now');
  // Decided, because some may have been in observe mode, as a panic is.
  const [ended, spared] = [status.unbans_total, status.refused_total].map(format.count);
  set(
    'bans-now-note',
    `since the start ${format.countOf(status.bans_total, 'ban')} decided, ${ended} ended, ${spared} spared`,
  );
  set('rate', format.brief(status.counted_rate_last));
  set(
    'rate-note',
    `${format.brief(status.counted_rate)} over the last minute; with static files ${format.brief(status.site_rate)}`,
  );
  set('clients', format.count(status.clients));
  const lag = status.log_lag_seconds;
  set('lag', lag === null ? '–' : lag < 1 ? '< 1s' : format.span(lag));
  set(
    'lag-note',
    lag === null ? 'no line read yet' : `${format.countOf(status.lines_total, 'line')} read, ${losses(status)}`,
  );
  set('uptime', format.span(status.uptime_seconds));
  const waiting = status.outbox > 0 ? `${format.countOf(status.outbox, 'message')} to send` : '';
  set('uptime-note', waiting || `since ${format.clock(format.nowMs() - status.uptime_seconds * 1000)}`);
}

/** What was refused or discarded, the largest first; nothing to say is the good case. */
function losses({ skipped, discarded }) {
  const name = (key) => key.replaceAll('_', ' ').replace('json', 'JSON');
  // Lines of banned clients are read, and counted elsewhere.
  const { banned_lines: _, ...lost } = discarded;
  const listed = [...Object.entries(skipped), ...Object.entries(lost)].filter(([, amount]) => amount > 0);
  if (listed.length === 0) return 'none skipped';
  const worst = listed.toSorted((a, b) => b[1] - a[1]).slice(0, 2);
  return `skipped ${worst.map(([key, amount]) => `${format.count(amount)} ${name(key)}`).join(', ')}`;
}

/** What was learned beside what clients are judged by: a floor is no knowledge. */
function showNormal(baseline) {
  showLevel('site', format.level, baseline);
  showLevel('client', format.level, baseline);
  showLevel('error_ratio', (ratio) => (ratio == null ? 'nothing lately' : format.percent(ratio, 1)), baseline);
  const origin = { rolling: 'The last 30 minutes', hour: 'This hour of the day', floor: 'Few requests' };
  set('origin', baseline?.ready ? (origin[baseline.origin] ?? '') : 'Still learning');
}

function showLevel(name, text, baseline) {
  const [learned, taken] = [text(baseline?.learned[name]), text(baseline?.[name])];
  set(`${name}-learned`, learned);
  const isRaised = baseline !== null && learned !== taken;
  set(`${name}-taken`, baseline === null ? '–' : isRaised ? taken : 'as learned');
  const cell = byId(`${name}-taken`);
  cell.classList.toggle('raised', isRaised);
  cell.dataset.mark = learned === text(null) ? 'default' : 'minimum';
}

function makeDecision() {
  const [time, label, text] = [element('time'), element('span'), element('span', 'what')];
  const client = button('', 'link mono', () => openDrawer(client.textContent));
  const node = element('li', '', time, label, client, text);
  node.fill = (line) => {
    setText(time, format.clock(line.time));
    setText(label, line.label);
    label.className = `pill ${line.tone}`;
    client.hidden = line.client === null;
    setText(client, line.client ?? '');
    setText(text, `${format.withClocks(line.text)}${format.byWhom(line)}`);
  };
  return node;
}

function makeTop() {
  const [requests, bar] = [element('span', 'number'), element('i')];
  const name = button('', 'link mono', () => openDrawer(name.textContent));
  const node = element('li', '', name, bar, requests);
  node.fill = (entry) => {
    setText(name, entry.name);
    setText(requests, `${format.count(entry.requests)} · ${format.percent(entry.share, 1)}`);
    bar.style.setProperty('--share', `${Math.min(100, Math.max(0, entry.share * 100)).toFixed(1)}%`);
  };
  return node;
}

function makeLog() {
  const [path, state] = [element('span', 'mono'), element('span', 'pill')];
  const node = element('li', '', path, state);
  node.fill = (log) => {
    setText(path, log.path);
    const following = log.state === 'following';
    setText(state, following && log.behind_bytes > 0 ? `${format.bytes(log.behind_bytes)} behind` : log.state);
    state.className = `pill ${following ? 'good' : 'bad'}`;
  };
  return node;
}
