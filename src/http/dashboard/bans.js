/** The list of bans: searched, filtered, grouped, and drawn only where one looks, so that ten thousand are as quick as ten. */

import { byId, element, fetchJson, set, setText } from './dom.js';
import { openDrawer } from './drawer.js';
import * as format from './format.js';
import { VirtualList } from './virtual-list.js';

const [ENFORCED, CONFIRMED] = [1, 2];
/** A list is fetched anew no more often than this, and long ones ten times as seldom. */
const REFRESH_MS = 1000;
const LONG = 1000;

let bans = [];
let conditions = [];
let networks = [];
let revision = -1;
let askedAtMs = Number.NEGATIVE_INFINITY;
let isAsking = false;
let total = 0;
let observing = false;
let shownCount = 0;
let condition;
const open = new Set();
const list = new VirtualList(byId('ban-list'), { make: makeRow, fill: fillRow, act: actOn });

byId('search').addEventListener('input', () => arrange());
byId('search').addEventListener('keydown', ({ key }) => {
  const text = byId('search').value.trim();
  if (key !== 'Enter' || text === '') return;
  const [first] = list.items.filter(({ ban }) => ban);
  openDrawer(first?.ban.client ?? text);
});
byId('group').addEventListener('change', () => {
  open.clear();
  arrange();
});

/** Fetches the bans when something was decided since. */
export async function refreshBans({ status, revision: newest }) {
  observing = status.mode === 'observe';
  total = observing ? status.observed_bans : status.active_bans;
  const nowMonoMs = performance.now();
  const pauseMs = bans.length > LONG ? 10 * REFRESH_MS : REFRESH_MS;
  if (newest !== revision && !isAsking && nowMonoMs - askedAtMs >= pauseMs) {
    isAsking = true;
    askedAtMs = nowMonoMs;
    showCount();
    await fetchJson('/api/ban-list')
      .then(take)
      .catch(() => {})
      .finally(() => {
        isAsking = false;
      });
  } else {
    list.refresh();
    showCount();
  }
}

function take(answer) {
  revision = answer.revision;
  ({ conditions, networks } = answer);
  bans = answer.bans.map(([client, network, why, tier, since, until, flags]) => ({
    client,
    network,
    condition: why,
    tier,
    sinceMs: since * 1000,
    untilMs: until === 0 ? null : until * 1000,
    flags,
    text: `${client} ${networks[network].who} ${conditions[why].name} ${conditions[why].phrase}`.toLowerCase(),
  }));
  showConditions();
  arrange();
}

function showConditions() {
  const counts = conditions.map((_, index) => bans.filter((ban) => ban.condition === index).length);
  if (condition !== undefined && !conditions.some(({ name }) => name === condition)) condition = undefined;
  const chip = (name, label, amount, title) => {
    const node = element('button', 'chip', label, ' ', element('b', '', format.count(amount)));
    Object.assign(node, { type: 'button', title });
    node.setAttribute('aria-pressed', String(condition === name));
    node.addEventListener('click', () => {
      condition = condition === name ? undefined : name;
      showConditions();
      arrange();
    });
    return node;
  };
  const sorted = conditions
    .map((each, index) => ({ ...each, amount: counts[index] }))
    .sort((a, b) => b.amount - a.amount);
  const chips = sorted.map(({ name, phrase, amount }) => chip(name, name, amount, phrase));
  const focused = [...byId('conditions').children].indexOf(document.activeElement);
  byId('conditions').replaceChildren(...(conditions.length > 1 ? chips : []));
  byId('conditions').children[focused]?.focus();
}

/** Filters and groups, and says what is shown of how many. */
function arrange() {
  const wanted = byId('search').value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const index = conditions.findIndex(({ name }) => name === condition);
  const shown = bans.filter(
    (ban) => (index < 0 || ban.condition === index) && wanted.every((word) => ban.text.includes(word)),
  );
  const by = byId('group').value;
  list.show(by === '' ? shown.map((ban) => ({ key: ban.client, ban })) : grouped(shown, by));
  shownCount = shown.length;
  showCount();
  set('bans-title', observing ? 'Would be banned' : 'Bans in force');
  byId('ban-tools').hidden = bans.length === 0;
  byId('ban-list').hidden = shown.length === 0;
  byId('ban-head').hidden = shown.length === 0;
  byId('bans-empty').hidden = shown.length > 0;
  byId('bans-empty').classList.toggle('calm', bans.length === 0);
  const nobody = observing ? 'Nobody would be banned.' : 'Nobody is banned.';
  set('bans-empty-title', bans.length === 0 ? nobody : 'No ban matches.');
  set(
    'bans-empty-text',
    bans.length === 0
      ? 'Bans appear here as they are decided, each with its reason and how to undo it.'
      : 'Press Enter to look up an address or a network in the audit trail.',
  );
}

/** How many are shown of how many there are; the list may be a moment older. */
function showCount() {
  const listed =
    bans.length < total ? `the newest ${format.count(bans.length)} of ${format.count(total)}` : format.count(total);
  set('bans-count', total === 0 ? '' : shownCount < bans.length ? `${format.count(shownCount)} of ${listed}` : listed);
}

function grouped(shown, by) {
  const groups = Map.groupBy(shown, (ban) => (by === 'condition' ? ban.condition : ban.network));
  const sorted = [...groups].sort((a, b) => b[1].length - a[1].length);
  return sorted.flatMap(([key, members]) => {
    const name = by === 'condition' ? conditions[key].name : networks[key].name;
    const note = by === 'condition' ? conditions[key].phrase : networks[key].who;
    const isOpen = open.has(name);
    const head = { key: `group ${name}`, group: name, note, amount: members.length, isOpen };
    return isOpen ? [head, ...members.map((ban) => ({ key: ban.client, ban }))] : [head];
  });
}

function actOn({ ban, group }) {
  if (ban) return openDrawer(ban.client);
  if (!open.delete(group)) open.add(group);
  arrange();
}

function makeRow() {
  const cells = ['client', 'why', 'tier', 'since', 'left'].map((name) => {
    const cell = element('span', name);
    cell.setAttribute('role', 'gridcell');
    return cell;
  });
  const [client, why] = cells;
  client.append(element('b', 'mono'), element('small'));
  why.append(element('span'), element('small'));
  const row = element('div', 'row', ...cells);
  row.setAttribute('role', 'row');
  return row;
}

function fillRow(row, { ban, group, note, amount, isOpen }) {
  const [client, why, tier, since, left] = row.children;
  row.classList.toggle('group', group !== undefined);
  if (group !== undefined) row.setAttribute('aria-expanded', String(isOpen));
  else row.removeAttribute('aria-expanded');
  const put = (cell, text, small) => {
    setText(cell.firstChild, text);
    setText(cell.lastChild, small);
    cell.title = text;
  };
  if (group !== undefined) {
    put(client, group, note);
    put(why, '', '');
    setText(tier, '');
    setText(since, '');
    setText(left, format.count(amount));
    return;
  }
  const { flags, untilMs } = ban;
  put(client, ban.client, networks[ban.network]?.who ?? '');
  const unconfirmed = (flags & ENFORCED) !== 0 && (flags & CONFIRMED) === 0;
  put(why, conditions[ban.condition]?.phrase ?? '', unconfirmed ? 'not confirmed by the firewall' : '');
  setText(tier, ban.tier === 0 ? '–' : String(ban.tier));
  setText(since, format.clock(ban.sinceMs));
  const seconds = untilMs === null ? null : (untilMs - format.nowMs()) / 1000;
  setText(left, seconds === null ? 'permanent' : seconds > 0 ? format.span(seconds) : 'ending');
}
