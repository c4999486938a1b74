/** A chart of columns over time in SVG, in pixels, so that its text keeps its size; a pointer or the arrow keys move a cursor. */
import { shape } from './dom.js';
import { day, hourOfDay, minute } from './format.js';

const LEFT = 44;
const RIGHT = 8;
const TOP = 18;
const AXIS = 20;
const BARS = 22;
/** A lower chart has fewer lines, and no times: it stands below one that has. */
const LOW = 150;
const HOUR_MS = 3_600_000;
/** Times between two labels. */
const TICKS = [1, 5, 10, 15, 60, 120, 180, 240, 360, 720, 1440, 2880].map((minutes) => minutes * 60_000);
const TICK_PIXELS = 62;

export class Chart {
  /** Index under the pointer; undefined without one. */
  cursor;
  onResize = () => {};
  #svg;
  #line = shape('line', { class: 'cursor' });
  #series;
  #onPoint;

  constructor(svg, onPoint) {
    this.#svg = svg;
    this.#onPoint = onPoint;
    svg.addEventListener('pointermove', (event) => this.#follow(event));
    svg.addEventListener('pointerdown', (event) => this.#follow(event));
    svg.addEventListener('pointerleave', () => this.#move(undefined));
    svg.addEventListener('blur', () => this.#move(undefined));
    svg.addEventListener('keydown', (event) => this.#key(event));
    let width = 0;
    new ResizeObserver(([entry]) => {
      if (entry.contentRect.width === width) return;
      width = entry.contentRect.width;
      this.onResize();
    }).observe(svg);
  }

  /** Draws anew: `paint` gets what draws in the units of the series. */
  draw(series, paint) {
    this.#series = series;
    const { clientWidth: width, clientHeight: height } = this.#svg;
    if (width < 2 * LEFT) return;
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const plot = new Plot(series, width, height);
    plot.axis();
    paint(plot);
    this.#svg.replaceChildren(...plot.nodes, this.#line);
    this.point(this.cursor);
  }

  /** Shows the cursor at an index. */
  point(index) {
    this.cursor = index;
    const { clientWidth: width, clientHeight: height } = this.#svg;
    this.#line.classList.toggle('shown', index !== undefined);
    const x = index === undefined || !this.#series ? 0 : xOf(this.#series, width, index + 0.5);
    for (const [name, value] of Object.entries({ x1: x, x2: x, y1: TOP, y2: height < LOW ? height : height - AXIS }))
      this.#line.setAttribute(name, value);
  }

  #move(index) {
    this.point(index);
    this.#onPoint(index);
  }

  #follow({ clientX }) {
    if (!this.#series) return;
    const { left, width } = this.#svg.getBoundingClientRect();
    const share = (clientX - left - LEFT) / (width - LEFT - RIGHT);
    this.#move(Math.min(this.#series.length - 1, Math.max(0, Math.floor(share * this.#series.length))));
  }

  #key(event) {
    const last = (this.#series?.length ?? 1) - 1;
    const from = this.cursor ?? last;
    const to = {
      ArrowLeft: from - 1,
      ArrowRight: from + 1,
      PageUp: from - 10,
      PageDown: from + 10,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === 'Escape') this.#move(undefined);
    if (to === undefined) return;
    event.preventDefault();
    this.#move(Math.min(last, Math.max(0, to)));
  }
}

const xOf = ({ length }, width, index) => LEFT + (index / length) * (width - LEFT - RIGHT);

class Plot {
  nodes = [];
  #series;
  #width;
  #height;
  #base;
  #top;
  #max = 1;

  constructor(series, width, height) {
    this.#series = series;
    this.#width = width;
    this.#height = height;
    this.#base = height - (height < LOW ? 4 : AXIS + (series.bans ? BARS : 0));
    this.#top = height < LOW ? 8 : TOP;
  }

  #x(index) {
    return xOf(this.#series, this.#width, index);
  }

  #y(value) {
    return this.#base - (Math.min(value, this.#max) / this.#max) * (this.#base - this.#top);
  }

  #add(name, attributes, ...children) {
    this.nodes.push(shape(name, attributes, ...children));
  }

  #text(x, y, anchor, text, className = '') {
    this.#add('text', { x: x.toFixed(1), y: y.toFixed(1), 'text-anchor': anchor, class: className }, text);
  }

  /** Times along the bottom, at round hours of the server's clock. */
  axis() {
    if (this.#height < LOW) return;
    const { from, step_seconds: step, length } = this.#series;
    const [fromMs, lengthMs] = [from * 1000, length * step * 1000];
    const ticks = Math.max(2, (this.#width - LEFT) / TICK_PIXELS);
    const every = TICKS.find((ms) => lengthMs / ms <= ticks) ?? TICKS.at(-1);
    const midnight = fromMs - (hourOfDay(fromMs) * HOUR_MS + (fromMs % HOUR_MS));
    for (let ms = midnight; ms < fromMs + lengthMs; ms += every) {
      if (ms < fromMs) continue;
      const x = this.#x((ms - fromMs) / 1000 / step);
      if (x < LEFT + 14 || x > this.#width - 22) continue;
      this.#add('line', { class: 'tick', x1: x, x2: x, y1: this.#height - AXIS, y2: this.#height - AXIS + 4 });
      const label = every >= 24 * HOUR_MS || hourOfDay(ms) === 0 ? day(ms).replace(/ \w+$/, '') : minute(ms);
      this.#text(x, this.#height - 4, 'middle', label);
    }
  }

  /** From nothing to `most`, with lines at round values. */
  scale(most, label) {
    const rough = (most * 1.1) / (this.#height < LOW ? 2 : 4);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((value) => value >= rough);
    this.#max = Math.ceil((most * 1.02) / step) * step;
    for (let value = 0; value <= this.#max + step / 2; value += step) {
      const y = Math.round(this.#y(value)) + 0.5;
      this.#add('line', { class: 'grid', x1: LEFT, x2: this.#width - RIGHT, y1: y, y2: y });
      this.#text(LEFT - 6, y + 3.5, 'end', label(value));
    }
  }

  line(values, className) {
    let path = '';
    let open = false;
    for (const [index, value] of values.entries()) {
      if (value !== null)
        path += `${open ? 'L' : 'M'}${this.#x(index + 0.5).toFixed(1)} ${this.#y(value).toFixed(1)}${open || values[index + 1] != null ? '' : 'h1'}`;
      open = value !== null;
    }
    this.#add('path', { class: `line ${className}`, d: path });
  }

  area(values, className) {
    this.band((index) => (values[index] == null ? null : [0, values[index]]), className);
  }

  /** Between two values, wherever there are two. */
  band(valuesOf, className) {
    let path = '';
    let [upper, lower] = [[], []];
    const end = () => {
      if (upper.length > 0) path += `M${upper.join('L')}L${lower.reverse().join('L')}Z`;
      [upper, lower] = [[], []];
    };
    for (let index = 0; index < this.#series.length; index++) {
      const values = valuesOf(index);
      if (values === null) end();
      else {
        const x = this.#x(index + 0.5).toFixed(1);
        upper.push(`${x} ${this.#y(values[1]).toFixed(1)}`);
        lower.push(`${x} ${this.#y(values[0]).toFixed(1)}`);
      }
    }
    end();
    this.#add('path', { class: className, d: path });
  }

  /** Counts in a strip below the plot; the root keeps one ban visible beside a thousand. */
  bars(values, className) {
    const most = Math.sqrt(Math.max(1, ...values.map((value) => value ?? 0)));
    const bottom = this.#height - AXIS - 1;
    const width = Math.min(6, Math.max(1.5, (this.#x(1) - this.#x(0)) * 0.7));
    for (const [index, value] of values.entries()) {
      if (!value) continue;
      const height = 3 + (Math.sqrt(value) / most) * (BARS - 7);
      this.#add('rect', {
        class: className,
        x: (this.#x(index + 0.5) - width / 2).toFixed(1),
        y: (bottom - height).toFixed(1),
        width: width.toFixed(1),
        height: height.toFixed(1),
        rx: Math.min(1.5, width / 3),
      });
    }
    this.#text(LEFT - 6, bottom - 3, 'end', 'bans');
  }

  /** Incidents as shaded time, notes and starts as lines. Labels that would lie on another are left out. */
  marks(marks) {
    const { from, step_seconds: step, length } = this.#series;
    const at = (ms) => Math.min(this.#width - RIGHT, Math.max(LEFT, this.#x((ms / 1000 - from) / step)));
    const labels = [];
    for (const { kind, time, end, text } of marks) {
      if (end !== null && end < from * 1000) continue;
      const x = at(time);
      const isSpan = kind === 'incident';
      if (isSpan) {
        const width = Math.max(2, at(end ?? (from + length * step) * 1000) - x);
        this.#add('rect', { class: kind, x, y: TOP, width, height: this.#base - TOP });
      } else if (time >= from * 1000)
        this.#add('line', { class: `mark ${kind}`, x1: x, x2: x, y1: TOP - 4, y2: this.#base });
      else continue;
      const label = { incident: text, annotation: text, start: 'zban started', panic: 'panic' }[kind];
      labels.push({ x, label, kind, weight: { incident: 0, panic: 0, annotation: 1, start: 2 }[kind] });
    }
    const taken = [];
    for (const { x, label, kind } of labels.sort((a, b) => a.weight - b.weight)) {
      const most = Math.max(20, Math.floor(this.#width / 12));
      const short = label.length > most ? `${label.slice(0, most - 1)}…` : label;
      const width = short.length * 6;
      const start = x + width > this.#width - RIGHT ? Math.max(LEFT, x - width) : x;
      if (taken.some(([a, b]) => start < b + 8 && start + width > a - 8)) continue;
      taken.push([start, start + width]);
      this.#text(start + (start < x ? -3 : 3), TOP - 6, 'start', short, `label ${kind}`);
    }
  }
}
