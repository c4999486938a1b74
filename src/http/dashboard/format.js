/** Numbers and times as people read them; times by the server's clock and in its zone. */

const grouped = new Intl.NumberFormat('en');
const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);

export const count = (value) => (isNumber(value) ? grouped.format(Math.round(value)) : '–');
/** `1 ban`, `4,200 bans`. */
export const countOf = (value, noun) => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
export const fixed = (value, digits = 2) => (isNumber(value) ? value.toFixed(digits) : '–');
export const percent = (ratio, digits = 0) => (isNumber(ratio) ? `${fixed(ratio * 100, digits)} %` : '–');

/** Three digits or so: `0.42`, `4.2`, `42`, `4,200`. */
export function brief(value) {
  if (!isNumber(value)) return '–';
  const size = Math.abs(value);
  return size >= 10 || size === 0 ? count(value) : value.toFixed(size < 1 ? 2 : 1);
}

/** Of an axis, whose values are round. */
export const tick = (value) => grouped.format(Number(value.toPrecision(3)));

export function level(value) {
  if (!value) return 'nothing lately';
  const digits = value.mean >= 100 ? 0 : value.mean >= 10 ? 1 : 2;
  return `${fixed(value.mean, digits)} ± ${fixed(value.stddev, digits)}`;
}

export function bytes(value) {
  if (!isNumber(value)) return '–';
  if (value < 1024) return `${value} B`;
  const power = Math.min(Math.floor(Math.log2(value) / 10), 4);
  const scaled = value / 1024 ** power;
  return `${scaled.toFixed(scaled < 10 ? 1 : 0)} ${'KMGT'[power - 1]}iB`;
}

/** Of a request: `12 ms`, `1.4 s`. */
export function duration(seconds) {
  if (!isNumber(seconds)) return '–';
  return seconds < 0.9995 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
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
  const first = units.findIndex(([, size]) => rest >= size);
  if (first < 0) return '0s';
  const parts = [];
  for (const [unit, size] of units.slice(first, first + 2)) {
    const amount = Math.floor(rest / size);
    rest -= amount * size;
    if (amount > 0) parts.push(`${amount}${unit}`);
  }
  return parts.join(' ');
}

/** The server's clock, carried on between snapshots: the reader's own may be wrong. */
let offsetMs = 0;
export function setClock(serverMs) {
  offsetMs = serverMs - Date.now();
}
export const nowMs = () => Date.now() + offsetMs;

let zone = 'UTC';
let formats = {};
/** The server's; one that the browser does not know leaves UTC. */
export function setZone(name) {
  if (name === zone) return;
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: name });
    zone = name;
  } catch {
    zone = 'UTC';
  }
  formats = {};
}
export const zoneName = () => zone;

const SHAPES = {
  clock: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  minute: { hour: '2-digit', minute: '2-digit' },
  day: { weekday: 'short', day: 'numeric', month: 'short' },
  date: { year: 'numeric', month: '2-digit', day: '2-digit' },
  hour: { hour: '2-digit' },
};
function format(shape, ms) {
  // In Swedish a date is as in RFC 3339.
  formats[shape] ??= new Intl.DateTimeFormat(shape === 'date' ? 'sv' : 'en-GB', {
    ...SHAPES[shape],
    hourCycle: 'h23',
    timeZone: zone,
  });
  return formats[shape].format(ms);
}

export const minute = (ms) => format('minute', ms);
export const day = (ms) => format('day', ms);
export const hourOfDay = (ms) => Number(format('hour', ms));
export const dayOfWeek = (ms) =>
  ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(format('day', ms).slice(0, 3));
/** The clock time, with the date when it is not today. */
export function clock(ms) {
  if (!isNumber(ms)) return '–';
  const date = format('date', ms);
  return date === format('date', nowMs()) ? format('clock', ms) : `${date} ${format('minute', ms)}`;
}

/** A sentence in which times are by the server's clock, to the minute. */
export const withClocks = (text) =>
  text.replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (time) => {
    const ms = Date.parse(time);
    return format('date', ms) === format('date', nowMs()) ? minute(ms) : `${format('date', ms)} ${minute(ms)}`;
  });

/** Who decided, where it was a person or another host. */
export const byWhom = ({ actor }) => (actor === 'policy' || actor === 'system' ? '' : ` (${actor})`);
