/** The picture of `zban top` for a terminal of any size: header, clients, bans, and a line for keys or questions. */

import { formatCount } from '../../english/number.ts';
import { describeProgress, progressOf } from '../../english/progress.ts';
import { phraseOf } from '../../english/reason.ts';
import { peakOf } from '../../english/site-reason.ts';
import { looks } from '../../english/surge.ts';
import type { ActiveBan } from '../../model/audit.ts';
import type { Busiest, Status, TopClient, TopView } from '../../model/status.ts';
import { printable } from '../../model/text.ts';
import type { Size } from '../screen.ts';
import type { Style } from '../style.ts';
import { cutText, fit, formatClock, formatLeft, formatTier, width } from '../text.ts';
import { type Band, shareBar, sparkline } from './sparkline.ts';

/** Deviations above the mean from which on the site is far above what is usual. */
const FAR_DEVIATIONS = 3;
/** An IPv6 address is cut only where there is no room for it beside the rest. */
const [CLIENT_COLUMNS_MAX, CLIENT_COLUMNS_NARROW] = [43, 24];
/** Share of the rows below the header that bans get while there are clients to show. */
const BANS_SHARE = 1 / 3;

export interface Picture {
  readonly view: TopView;
  readonly bans: readonly ActiveBan[];
  /** The site's seconds, the oldest first: longer than the window of the view. */
  readonly rates: readonly number[];
  readonly clients: readonly TopClient[];
  /** Name of the client or ban that the keys are about. */
  readonly selected: string | undefined;
  /** A question, an answer or the keys. */
  readonly hint: (columns: number) => string;
  readonly whoIs: (name: string) => string;
  readonly nowMs: number;
  readonly style: Style;
}

/** The whole picture, one string a row. */
export function drawTop(picture: Picture, { rows, columns }: Size): string[] {
  const { bans, clients, style, hint } = picture;
  const head = drawHeader(picture, columns);
  // Two headings and the line for keys.
  const room = Math.max(2, rows - head.length - 3);
  const banRows = Math.min(bans.length, Math.max(Math.floor(room * BANS_SHARE), room - clients.length));
  const clientRows = drawClients(picture, columns, room - banRows);
  const lines = [...head, ...clientRows, ...drawBans(picture, columns, banRows)];
  const fill = Array.from({ length: Math.max(0, rows - 1 - lines.length) }, () => '');
  return [...lines.slice(0, rows - 1), ...fill, style.dim(cutText(hint(columns), columns))];
}

function drawHeader({ view, rates, nowMs, style }: Picture, columns: number): string[] {
  const { status } = view;
  const left = ['zban top', status.name, status.panic ? 'PANIC' : status.mode, ...stateOf(status)].join(' · ');
  const clock = formatClock(nowMs);
  const title = `${style.bold(fit(printable(left), columns - clock.length - 1))} ${clock}`;
  const banned =
    status.mode === 'observe'
      ? `${formatCount(status.observed_bans)} would be banned`
      : `${formatCount(status.active_bans)} banned`;
  const fuse = status.fuse_until === null ? '' : ` · fuse tripped until ${formatClock(Date.parse(status.fuse_until))}`;
  const counts = `${formatCount(status.clients)} clients · ${banned}${fuse}`;
  const lines = [title, drawSite(status, rates, style, columns), cutText(counts, columns)];
  const { incident } = status;
  if (incident)
    lines.push(
      style.red(
        cutText(
          `Site anomaly${incident.ongoing ? '' : ' (calming down)'}: ${looks(incident.verdict)}, peak ${peakOf(incident)}`,
          columns,
        ),
      ),
    );
  for (const trouble of status.troubles.slice(0, 2))
    lines.push(style.yellow(cutText(`Trouble: ${printable(trouble)}`, columns)));
  return lines;
}

/** The site's rate against what is usual, as one line. */
export function drawSite(status: Status, rates: readonly number[], style: Style, columns: number): string {
  const band = bandOf(status);
  const normal = band ? `normal ${rate(band.low)}–${rate(band.high)}/s` : 'normal not known yet';
  const what = columns < 99 || status.profile === 'classic' ? '' : ' without static files';
  const site = `Site ${rate(status.counted_rate_last)}/s${what}, ${normal} `;
  return `${site}${sparkline(rates, columns - width(site), band, style)}`;
}

function stateOf({ state, warm_start }: Status): string[] {
  if (state === 'running' || state === 'trouble') return [];
  return [warm_start ? `${state} ${describeProgress(progressOf(warm_start), 'lines')}` : state.replace('_', ' ')];
}

const rate = (value: number): string => (value < 10 ? value.toFixed(1) : formatCount(Math.round(value)));

function bandOf({ baseline }: Status): (Band & { readonly low: number }) | undefined {
  if (!baseline?.learned.site) return undefined;
  const { mean, stddev } = baseline.site;
  return { low: Math.max(0, mean - stddev), high: mean + stddev, limit: mean + FAR_DEVIATIONS * stddev };
}

/** A column: its heading, what it takes, and the cell of a row, as wide as the column. */
interface Column<Row> {
  readonly heading: string;
  readonly columns: number;
  readonly cell: (row: Row, columns: number) => string;
}

function drawClients(picture: Picture, columns: number, rows: number): string[] {
  const { clients, whoIs, style } = picture;
  const listed = inView(clients, rows, picture.selected, ({ name }) => name);
  const bar = columns < 80 ? 4 : columns < 120 ? 8 : 16;
  const names = listed.map(({ name }) => name);
  const layout = chooseColumns<TopClient>(
    [
      { heading: 'CLIENT', columns: clientColumns(names, columns), cell: ({ name }, size) => fit(name, size) },
      { heading: 'REQUESTS', columns: 8, cell: ({ requests }, size) => formatCount(requests).padStart(size) },
      { heading: 'LIMIT', columns: bar + 5, cell: ({ nearest }) => shareBar(nearest?.share ?? 0, bar, style) },
      { heading: 'RULE', columns: 11, cell: ({ nearest }, size) => fit(ruleOf(nearest), size) },
      { heading: 'STATUS', columns: 13, cell: (client, size) => fit(statusOf(client), size) },
      { heading: 'WHO', columns: columns < 140 ? 18 : 34, cell: ({ name }, size) => fit(whoIs(name) || '–', size) },
    ],
    { heading: 'TOP PATH', cell: ({ top_path }, size) => fit(printable(top_path ?? '–'), size) },
    columns - 2,
    names.some(whoIs) ? [] : ['WHO'],
  );
  const empty = clients.length === 0 ? [style.dim('  no requests in the window, but from banned clients')] : [];
  return [heading(layout, style), ...drawRows(listed, layout, picture, ({ name }) => name), ...empty];
}

/** The limit it is nearest to; nothing worth a name below one percent. */
const ruleOf = (nearest: TopClient['nearest']): string => (nearest && nearest.share >= 0.01 ? nearest.limit : '–');

/** The most frequent classes of status, such as `2xx 91 4xx 9`, in percent. */
function statusOf({ statuses }: TopClient): string {
  const total = statuses.reduce((sum, count) => sum + count, 0);
  if (total === 0) return '–';
  return statuses
    .map((count, index) => ({ share: Math.round((count / total) * 100), name: `${index + 2}xx` }))
    .filter(({ share }) => share > 0)
    .sort((a, b) => b.share - a.share)
    .slice(0, 2)
    .map(({ name, share }) => `${name} ${share}`)
    .join(' ');
}

function drawBans(picture: Picture, columns: number, rows: number): string[] {
  const { bans, whoIs, nowMs, style, view } = picture;
  if (rows === 0) return [];
  const listed = inView(bans, rows, picture.selected, ({ client }) => client);
  const name = view.status.mode === 'observe' ? 'WOULD BE BANNED' : 'BANNED';
  const names = listed.map(({ client }) => client);
  const layout = chooseColumns<ActiveBan>(
    [
      {
        heading: name,
        columns: clientColumns([name, ...names], columns),
        cell: ({ client }, size) => fit(client, size),
      },
      { heading: 'CONDITION', columns: 14, cell: ({ condition }, size) => fit(printable(condition), size) },
      { heading: 'LEFT', columns: 9, cell: ({ untilMs }, size) => fit(formatLeft(untilMs, nowMs), size) },
      { heading: 'TIER', columns: 4, cell: ({ tier }, size) => formatTier(tier).padStart(size) },
      { heading: 'WHO', columns: columns < 140 ? 18 : 34, cell: ({ client }, size) => fit(whoIs(client) || '–', size) },
    ],
    {
      heading: '',
      cell: (ban, size) =>
        fit(printable(ban.actor === 'policy' ? phraseOf(ban.condition) : ban.reason || ban.actor), size),
    },
    columns - 2,
    names.some(whoIs) ? [] : ['WHO'],
  );
  return [heading(layout, style), ...drawRows(listed, layout, picture, ({ client }) => client)];
}

/** As many as there are rows for: the first ones, or those up to the selected one where it lies below them. */
function inView<Row>(
  all: readonly Row[],
  rows: number,
  selected: string | undefined,
  nameOf: (row: Row) => string,
): readonly Row[] {
  const from = Math.max(0, all.findIndex((row) => nameOf(row) === selected) + 1 - rows);
  return all.slice(from, from + rows);
}

const clientColumns = (names: readonly string[], columns: number): number =>
  Math.min(
    columns < 80 ? CLIENT_COLUMNS_NARROW : CLIENT_COLUMNS_MAX,
    names.reduce((most, name) => Math.max(most, name.length), 15),
  );

/** As many columns as fit, in their order, and what is left for the last one if that is enough. */
function chooseColumns<Row>(
  wanted: readonly Column<Row>[],
  last: Omit<Column<Row>, 'columns'>,
  room: number,
  without: readonly string[],
): Column<Row>[] {
  const chosen: Column<Row>[] = [];
  let left = room;
  for (const column of wanted) {
    // A path of a few letters says nothing: what is optional leaves it some room.
    const needed = column.columns + 1 + (chosen.length >= 4 ? 14 : 0);
    if (without.includes(column.heading) || needed > left) continue;
    chosen.push(column);
    left -= column.columns + 1;
  }
  return left >= 6 ? [...chosen, { ...last, columns: left }] : chosen;
}

const heading = <Row>(layout: readonly Column<Row>[], style: Style): string =>
  style.dim(`  ${layout.map((column) => fit(column.heading, column.columns)).join(' ')}`.trimEnd());

function drawRows<Row>(
  rows: readonly Row[],
  layout: readonly Column<Row>[],
  { selected, style }: Picture,
  nameOf: (row: Row) => string,
): string[] {
  return rows.map((row) => {
    const isSelected = nameOf(row) === selected;
    const cells = layout.map((column, index) => {
      const cell = column.cell(row, column.columns);
      return isSelected && index === 0 ? style.inverse(cell) : cell;
    });
    return `${isSelected ? '>' : ' '} ${cells.join(' ')}`.trimEnd();
  });
}

/** The seconds that are known by now: those of before, and the newer ones of this view. */
export function extendRates(
  before: { readonly second: number; readonly rates: readonly number[] },
  { second, site_rates }: Busiest,
) {
  const fresh =
    before.second === 0 ? site_rates.length : Math.max(0, Math.min(site_rates.length, second - before.second));
  const rates = [...before.rates, ...(fresh === 0 ? [] : site_rates.slice(-fresh))];
  return { second: Math.max(second, before.second), rates: rates.slice(-RATES_MAX) };
}

/** As wide as terminals get. */
const RATES_MAX = 600;
