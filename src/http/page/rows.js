/**
 * Rows of the tables. Rows are kept and their texts changed, instead of being made anew every second, so that a
 * selection or a focused button survives. Text gets in through textContent only.
 */
import * as words from './words.js';

/** Sets a text if it differs; a changed node would lose the reader's selection. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Makes `body` hold one row for each item, in order; `make` returns a row and the function that fills it. */
export function syncRows(body, items, keyOf, make) {
  const old = new Map(Array.from(body.children, (row) => [row.dataset.key, row]));
  let at = body.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const row = old.get(key) ?? make();
    old.delete(key);
    row.dataset.key = key;
    row.fill(item);
    if (row === at) at = at.nextElementSibling;
    else body.insertBefore(row, at);
  }
  for (const row of old.values()) row.remove();
}

function element(name, className, ...children) {
  const node = document.createElement(name);
  node.className = className;
  node.append(...children);
  return node;
}

/** A row of cells; each cell is its label for narrow screens, its class and its contents. */
function makeRow(cells, fill) {
  const row = document.createElement('tr');
  for (const [label, className, ...contents] of cells) {
    const cell = element('td', className, element('div', '', ...contents));
    cell.dataset.label = label;
    row.append(cell);
  }
  row.fill = fill;
  return row;
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    setText(button, 'Copied');
  } catch {
    // Browsers allow it on https and localhost only; the command beside the button selects as a whole.
    setText(button, 'Select it');
  }
  setTimeout(() => setText(button, 'Copy'), 1500);
}

export function makeBanRow(nowMs) {
  const [client, why, figures, tier, since, left] = ['div', 'div', 'span', 'span', 'span', 'span'].map((name) =>
    element(name, ''),
  );
  client.className = 'mono';
  figures.className = 'sub';
  const command = element('code', '');
  const button = element('button', '', 'Copy');
  button.type = 'button';
  button.addEventListener('click', () => copy(command.textContent, button));
  const note = element('span', 'sub');
  return makeRow(
    [
      ['Client', '', client, note],
      ['Why', '', why, figures],
      ['Tier', 'tight', tier],
      ['Since', 'tight', since],
      ['Remaining', 'tight', left],
      ['Undo', '', element('div', 'undo', command, button)],
    ],
    (ban) => {
      setText(client, ban.ip);
      setText(note, ban.enforced ? (ban.confirmed ? '' : 'not confirmed by the firewall') : 'would be banned');
      setText(why, words.condition(ban.condition));
      setText(figures, words.numbers(ban) || ban.reason);
      setText(tier, String(ban.tier));
      setText(since, words.clock(ban.since, nowMs()));
      since.title = ban.since;
      const seconds = ban.until === null ? null : (Date.parse(ban.until) - nowMs()) / 1000;
      setText(left, seconds === null ? 'permanent' : seconds > 0 ? words.span(seconds) : 'ending');
      setText(command, ban.enforced ? `zban unban ${ban.ip}` : 'nothing is blocked');
      button.hidden = !ban.enforced;
    },
  );
}

export function makeTopRow() {
  const [name, requests, share, bar] = ['mono', '', '', ''].map((className, index) =>
    element(index === 3 ? 'i' : 'span', className),
  );
  return makeRow(
    [
      ['Client', '', name],
      ['Requests', 'tight', requests],
      ['Share', '', element('div', 'share', bar, share)],
    ],
    (entry) => {
      setText(name, entry.name);
      setText(requests, words.count(entry.requests));
      setText(share, words.percent(entry.share, 1));
      bar.style.setProperty('--share', `${Math.min(100, Math.max(0, entry.share * 100)).toFixed(1)}%`);
    },
  );
}

export function makeLogRow() {
  const [path, state, behind] = [element('span', 'mono'), element('span', 'pill'), element('span', '')];
  return makeRow(
    [
      ['File', '', path],
      ['State', '', state],
      ['Behind', 'tight', behind],
    ],
    (log) => {
      setText(path, log.path);
      setText(state, log.state);
      state.className = `pill ${log.state === 'following' ? 'good' : 'bad'}`;
      setText(behind, words.bytes(log.behind_bytes));
    },
  );
}

export function makeRecentRow(nowMs) {
  const [time, what, client, detail, actor] = ['', 'pill', 'mono', '', ''].map((className) =>
    element('span', className),
  );
  return makeRow(
    [
      ['Time', 'tight', time],
      ['What', 'tight', what],
      ['Client', '', client],
      ['Detail', '', detail],
      ['By', 'tight', actor],
    ],
    (entry) => {
      const [name, tone] = words.action(entry);
      setText(time, words.clock(entry.time, nowMs()));
      time.title = entry.time;
      setText(what, name);
      what.className = `pill ${tone}`;
      setText(client, entry.client ?? '');
      const why = [words.condition(entry.condition), entry.rate === null ? '' : words.rate(entry.rate), entry.detail];
      setText(detail, why.filter((part) => part).join(' · '));
      setText(actor, entry.actor);
    },
  );
}
