/** The picture of traffic: which span of time it shows, where its numbers come from, and what lies under the pointer. */
import { Chart } from './chart.js';
import { byId, element, fetchJson, set } from './dom.js';
import * as format from './format.js';
import { drawWeek } from './week.js';

const RANGES = { '5m': 'last 5 minutes', '1h': 'last hour', '24h': 'last 24 hours', '7d': 'last 7 days' };
/** A minute is filed once a minute. */
const REFRESH_MS = 15_000;

const chart = new Chart(byId('chart'), (index) => showAt(index));
const times = new Chart(byId('times'), () => {});
let range = Object.hasOwn(RANGES, location.hash.slice(1)) ? location.hash.slice(1) : '1h';
let series;
let askedAtMs = Number.NEGATIVE_INFINITY;
let latest;

for (const name of Object.keys(RANGES)) {
  const input = element('input');
  Object.assign(input, { type: 'radio', name: 'range', value: name, checked: name === range });
  input.addEventListener('change', () => {
    range = name;
    history.replaceState(null, '', `#${name}`);
    askedAtMs = Number.NEGATIVE_INFINITY;
    if (latest) refreshPicture(latest);
  });
  byId('ranges').append(
    element('label', '', input, element('span', '', name.replace('m', ' min').replace('h', ' h').replace('d', ' d'))),
  );
}

/** Draws what the snapshot has, and asks for what it has not: resolves once that is shown. */
export async function refreshPicture(snapshot) {
  latest = snapshot;
  const nowMs = performance.now();
  const isDue = nowMs - askedAtMs >= REFRESH_MS;
  if (isDue) {
    askedAtMs = nowMs;
    fetchJson('/api/usual')
      .then((usual) => drawWeek(usual, snapshot.nowMs))
      .catch(() => {});
  }
  if (range === '5m') show(liveSeries(snapshot));
  else if (isDue) await ask(range);
}

function ask(asked) {
  return fetchJson(`/api/traffic?range=${asked}`)
    .then((answer) => {
      if (asked === range) show(withLastMinute(answer, latest));
    })
    .catch(() => {});
}

/** The step under way is not filed yet: what came in the last minute stands for it. */
function withLastMinute(answer, { status }) {
  const last = answer.counted.length - 1;
  if (answer.counted[last] !== null || status.state === 'starting') return answer;
  const level = status.baseline?.learned.site;
  const put = (name, value) => ({ [name]: answer[name].with(last, value) });
  return {
    ...answer,
    ...put('counted', status.counted_rate),
    ...put('requests', status.site_rate),
    ...put('mean', level?.mean ?? null),
    ...put('stddev', level?.stddev ?? null),
  };
}

/** The seconds since the page's server began to watch, with the band of now. */
function liveSeries({ rates, status, nowMs }) {
  const seconds = 300;
  const counted = [...Array(Math.max(0, seconds - rates.length)).fill(null), ...rates.slice(-seconds)];
  const level = status.baseline?.learned.site;
  const [mean, stddev] = [level?.mean ?? null, level?.stddev ?? null].map((value) => counted.map(() => value));
  return { step_seconds: 1, from: Math.floor(nowMs / 1000) - seconds + 1, counted, mean, stddev, marks: [] };
}

function show(answer) {
  series = { ...answer, length: answer.counted.length };
  const known = answer.counted.filter((value) => value !== null).length;
  byId('chart-empty').hidden = known > 1;
  chart.draw(series, drawTraffic);
  const timed = answer.p95?.some((value) => value !== null) ?? false;
  byId('times-panel').hidden = !timed;
  if (timed) times.draw(series, drawTimes);
  showAt(chart.cursor);
  const peak = Math.max(...answer.counted.map((value) => value ?? 0));
  const bans = (answer.bans ?? []).reduce((sum, value) => sum + (value ?? 0), 0);
  const what =
    known === 0 ? 'nothing recorded' : `peak ${format.brief(peak)} requests a second, ${format.countOf(bans, 'ban')}`;
  byId('chart').setAttribute('aria-label', `Traffic of the ${RANGES[range]}: ${what}. Arrow keys move through time.`);
}

const band = ({ mean, stddev }, index) => {
  if (mean[index] === null || stddev[index] === null) return null;
  return [Math.max(0, mean[index] - 2 * stddev[index]), mean[index] + 2 * stddev[index]];
};

function drawTraffic(plot) {
  const { counted, refused, failed, bans, marks } = series;
  // A point is no picture: its axis would say nothing.
  if (!byId('chart-empty').hidden) return;
  plot.scale(
    Math.max(0.1, ...counted.map((value, index) => Math.max(value ?? 0, band(series, index)?.[1] ?? 0))),
    format.tick,
  );
  plot.marks(marks);
  plot.band((index) => band(series, index), 'band');
  if (refused)
    plot.area(
      refused.map((value, index) => (value === null ? null : value + failed[index])),
      'refused',
    );
  if (failed) plot.area(failed, 'failed');
  plot.line(counted, 'traffic');
  if (bans) plot.bars(bans, 'bans');
}

function drawTimes(plot) {
  const { p50, p95, p99 } = series;
  plot.scale(Math.max(0.01, ...p99.map((value) => value ?? 0)), format.duration);
  plot.line(p99, 'p99');
  plot.line(p95, 'p95');
  plot.line(p50, 'p50');
}

/** What there was at a point in time; of the newest known one where nobody points. */
function showAt(pointed) {
  if (!series) return;
  const index = pointed ?? series.counted.findLastIndex((value) => value !== null);
  const at = (name) => series[name]?.[index] ?? null;
  const fromMs = (series.from + index * series.step_seconds) * 1000;
  const time =
    series.step_seconds === 1
      ? format.clock(fromMs)
      : `${series.step_seconds === 900 || range === '24h' ? `${format.day(fromMs)}, ` : ''}${format.minute(fromMs)}`;
  const parts = [];
  if (index < 0) parts.push('Nothing recorded yet');
  else if (at('counted') === null) parts.push(time, 'nothing recorded');
  else {
    parts.push(`${pointed === undefined ? 'Latest: ' : ''}${time}`, `${format.brief(at('counted'))} requests/s`);
    const usual = band(series, index);
    if (usual) parts.push(`normal ${usual.map(format.brief).join(' – ')}`);
    if (at('refused') !== null)
      parts.push(`4xx ${format.brief(at('refused'))}/s`, `5xx ${format.brief(at('failed'))}/s`);
    if (at('banned')) parts.push(`from banned clients ${format.brief(at('banned'))}/s`);
    if (at('bans')) parts.push(format.countOf(at('bans'), 'ban'));
  }
  const text = parts.join(' · ');
  set('readout', text);
  byId('chart').setAttribute('aria-valuetext', text);
  byId('chart').setAttribute('aria-valuenow', String(Math.max(0, index)));
  byId('chart').setAttribute('aria-valuemax', String(series.length - 1));
  const latestTimes = ['p50', 'p95', 'p99'].map((name) => {
    const own = pointed === undefined ? (series[name]?.findLast((value) => value !== null) ?? null) : at(name);
    return `${name} ${format.duration(own)}`;
  });
  set('times-now', latestTimes.join(' · '));
  times.point(pointed);
}

chart.onResize = () => {
  if (!series) return;
  chart.draw(series, drawTraffic);
  if (!byId('times-panel').hidden) times.draw(series, drawTimes);
};
