/** The requests of the last five minutes against the baseline, in an SVG of 300 by 60. */

const WIDTH = 300;
const HEIGHT = 60;
const byId = (id) => document.getElementById(id);

/** `rates` are one a second, oldest first, null where nothing is known; `baseline` has mean and stddev, or is missing. */
export function drawChart(rates, baseline) {
  const known = rates.filter((rate) => rate !== null);
  const highest = Math.max(...known, baseline ? baseline.mean + baseline.stddev : 0, 0.1) * 1.08;
  const y = (rate) => (HEIGHT - (rate / highest) * HEIGHT).toFixed(1);
  const first = WIDTH - (rates.length - 1);
  const { line, area } = trace(rates, first, y);
  byId('chart-line').setAttribute('d', line);
  byId('chart-area').setAttribute('d', area);
  byId('chart-mean').setAttribute('d', baseline ? `M0 ${y(baseline.mean)}H${WIDTH}` : '');
  const top = baseline ? Number(y(baseline.mean + baseline.stddev)) : HEIGHT;
  const bottom = baseline ? Number(y(Math.max(0, baseline.mean - baseline.stddev))) : HEIGHT;
  byId('chart-band').setAttribute('y', String(top));
  byId('chart-band').setAttribute('height', String(Math.max(0, bottom - top)));
  byId('chart-top').textContent =
    known.length === 0 ? '' : `peak ${Math.max(...known).toFixed(1)}/s${baseline ? ', band: mean ± stddev' : ''}`;
}

/** The line, and the area under it, broken where nothing is known. */
function trace(rates, first, y) {
  let line = '';
  let area = '';
  let start = null;
  const end = (x) => {
    if (start !== null) area += `L${x} ${HEIGHT}L${start} ${HEIGHT}Z`;
    start = null;
  };
  for (const [index, rate] of rates.entries()) {
    const x = first + index;
    if (rate === null) {
      end(x - 1);
      continue;
    }
    const step = `${start === null ? 'M' : 'L'}${x} ${y(rate)}`;
    line += step;
    area += step;
    start ??= x;
  }
  end(first + rates.length - 1);
  return { line, area };
}
