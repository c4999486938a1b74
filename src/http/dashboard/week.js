/** What is usual at each hour of the week, by the server's clock, as a table whose cells are shaded. */
import { byId, element, setText } from './dom.js';
import { brief, dayOfWeek, hourOfDay, percent } from './format.js';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const HOUR_MS = 3_600_000;
/** A Monday at midnight, UTC. */
const MONDAY_MS = Date.UTC(2024, 0, 1);

let cells;

function build() {
  const head = element('tr', '', element('td'));
  for (let hour = 0; hour < 24; hour++) {
    const cell = element('th', '', hour % 3 === 0 ? String(hour).padStart(2, '0') : '');
    cell.scope = 'col';
    cell.setAttribute('aria-label', `${hour} o'clock`);
    head.append(cell);
  }
  cells = DAYS.map(() => Array.from({ length: 24 }, () => element('td', '', element('span', 'hidden-text'))));
  const rows = DAYS.map((name, index) => {
    const label = element('th', '', name);
    label.scope = 'row';
    return element('tr', '', label, ...cells[index]);
  });
  byId('week').replaceChildren(element('thead', '', head), element('tbody', '', ...rows));
}

/** `rate` and `refused` are by hour of the week, UTC, Monday first; null where nothing is known. */
export function drawWeek({ rate, refused }, nowMs) {
  if (!cells) build();
  // Zones move in summer, so the hours of this very week are asked for theirs.
  const weekMs = nowMs - ((nowMs - MONDAY_MS) % (168 * HOUR_MS));
  const most = Math.max(0, ...rate.map((value) => value ?? 0));
  let known = 0;
  for (const [index, value] of rate.entries()) {
    const ms = weekMs + index * HOUR_MS;
    const cell = cells[dayOfWeek(ms)]?.[hourOfDay(ms)];
    if (!cell) continue;
    const text =
      value === null ? 'nothing known' : `${brief(value)} requests/s, ${percent(refused[index], 1)} of all 4xx`;
    setText(cell.firstChild, text);
    cell.title = `${DAYS[dayOfWeek(ms)]} ${String(hourOfDay(ms)).padStart(2, '0')}:00: ${text}`;
    cell.classList.toggle('known', value !== null);
    // Not from nothing, so that a quiet hour differs from one that nothing is known of.
    cell.style.setProperty('--heat', `${value === null || most === 0 ? 0 : Math.round(10 + 90 * (value / most))}%`);
    cell.classList.toggle('now', nowMs - ms >= 0 && nowMs - ms < HOUR_MS);
    if (value !== null) known++;
  }
  byId('week-note').textContent =
    known === 0
      ? 'Each hour appears once zban has seen it.'
      : `${known} of 168 hours known, up to ${brief(most)} requests a second. Anomalies are left out; older weeks fade.`;
}
