/** What a person does in `zban top`: selects, filters, sorts, and asks for a ban, a release or an explanation. */
import { callDaemon } from '../../control/client.ts';
import type { TargetResult } from '../../control/protocol.ts';
import type { WhoFinder } from '../../host/who.ts';
import type { ActiveBan } from '../../model/audit.ts';
import { messageOf } from '../../model/coded-error.ts';
import type { TopClient, TopView } from '../../model/status.ts';
import { printable } from '../../model/text.ts';
import { withTrail } from '../../record/trail/open-trail.ts';
import { type Context, configOrDefaults, requireSections, requireSocket, whoAsks } from '../context.ts';
import type { Size } from '../screen.ts';
import type { Style } from '../style.ts';
import { width, wrapText } from '../text.ts';
import { openFinder } from '../who-column.ts';
import { drawTop, extendRates, type Picture } from './layout.ts';

/** Newest bans that are read: more than a terminal shows. */
const BANS_READ = 200;

/** Rows that the keys for a page go by. */
const PAGE_ROWS = 10;
/** Rows that a key goes down. */
const STEPS: Readonly<Record<string, number>> = {
  ...{ up: -1, k: -1, down: 1, j: 1 },
  ...{ 'page up': -PAGE_ROWS, 'page down': PAGE_ROWS },
};

/** What is asked of the daemon, and in whose name. */
interface Order {
  readonly socket: string;
  readonly target: string;
  readonly by: { readonly reason: string; readonly operator: string };
}

type Mode =
  | { readonly kind: 'browse' }
  | { readonly kind: 'filter' }
  | { readonly kind: 'ask'; readonly question: string; readonly carryOut: () => Promise<string> }
  | { readonly kind: 'page'; readonly lines: readonly string[]; from: number };

/** `zban explain`: writes to the output of its context. */
type Explain = (context: Context, options: { readonly subject: string }) => Promise<unknown>;

export class TopSession {
  /** Draws the picture anew. */
  onNews: () => void = () => {};
  private readonly context: Context;
  private readonly style: Style;
  private readonly explanation: Explain;
  private readonly finder: WhoFinder;
  private view: TopView;
  private bans: readonly ActiveBan[] = [];
  private rates = { second: 0, rates: [] as readonly number[] };
  private order: 'limit' | 'rate' = 'limit';
  private filter = '';
  private selected: string | undefined;
  private mode: Mode = { kind: 'browse' };
  /** The answer to the last key, until the next one. */
  private answer = '';

  constructor(context: Context, style: Style, view: TopView, explain: Explain) {
    this.context = context;
    this.style = style;
    this.explanation = explain;
    this.finder = openFinder(configOrDefaults(context));
    this.view = view;
    this.rates = extendRates(this.rates, view);
  }

  take(view: TopView): void {
    this.view = view;
    this.rates = extendRates(this.rates, view);
  }

  picture(): Picture {
    const { view, style, rates, selected } = this;
    return {
      view,
      style,
      selected,
      rates: rates.rates,
      clients: this.clients(),
      bans: this.listedBans(),
      hint: (columns) => this.hint(columns),
      whoIs: (name) => this.whoIs(name),
      nowMs: this.context.now(),
    };
  }

  draw(size: Size): string[] {
    if (this.mode.kind !== 'page') return drawTop(this.picture(), size);
    // A command may be wider than the terminal, and is nothing to cut.
    const lines = this.mode.lines.flatMap((line) =>
      width(line) <= size.columns ? [line] : wrapText(line, size.columns).split('\n'),
    );
    const room = size.rows - 1;
    this.mode.from = Math.max(0, Math.min(this.mode.from, lines.length - room));
    const shown = lines.slice(this.mode.from, this.mode.from + room);
    const fill = Array.from({ length: room - shown.length }, () => '');
    return [...shown, ...fill, this.style.dim('↑ ↓ scroll   any other key: back')];
  }

  /** True when the key meant something here. */
  press(key: string): boolean {
    const { mode } = this;
    if (key === '\u0003') return false;
    this.answer = '';
    switch (mode.kind) {
      case 'page':
        return this.scroll(mode, key);
      case 'ask':
        this.mode = { kind: 'browse' };
        if (key === 'y' || key === 'Y') this.report(mode.carryOut());
        else this.answer = 'nothing done';
        return true;
      case 'filter':
        return this.typeFilter(key);
      case 'browse':
        return this.browse(key);
    }
  }

  private browse(key: string): boolean {
    const step = STEPS[key];
    if (step !== undefined) return this.move(step);
    switch (key) {
      case 'tab':
        return this.changeList();
      case 's':
        this.order = this.order === 'limit' ? 'rate' : 'limit';
        return true;
      case '/':
        this.mode = { kind: 'filter' };
        return true;
      case 'escape':
        this.filter = '';
        this.selected = undefined;
        return true;
      case 'b':
        return this.ask('Ban', ({ socket, target, by }) =>
          callDaemon(socket, 'ban', { bans: [{ target }], keepLonger: true, ...by }),
        );
      case 'u':
        return this.ask('Unban', ({ socket, target, by }) =>
          callDaemon(socket, 'unban', { targets: [target], all: false, ...by }),
        );
      case 'a':
        return this.ask('Never ban', ({ socket, target, by }) =>
          callDaemon(socket, 'allow', { targets: [target], remove: false, ...by }),
        );
      case 'e':
      case 'enter':
        return this.explain();
      default:
        return false;
    }
  }

  private typeFilter(key: string): boolean {
    if (key === 'enter') this.mode = { kind: 'browse' };
    else if (key === 'escape') {
      this.filter = '';
      this.mode = { kind: 'browse' };
    } else if (key === 'backspace') this.filter = this.filter.slice(0, -1);
    else if (/^[ -~]$/.test(key)) this.filter += key;
    return true;
  }

  private scroll(mode: Mode & { kind: 'page' }, key: string): boolean {
    const step = key === ' ' ? PAGE_ROWS : STEPS[key];
    if (step === undefined) this.mode = { kind: 'browse' };
    else mode.from += step;
    return true;
  }

  /** From the clients to the bans, or back. */
  private changeList(): boolean {
    const [clients, bans] = [this.clients().map(({ name }) => name), this.listedBans().map(({ client }) => client)];
    this.selected = (bans.includes(this.selected ?? '') ? clients : bans)[0] ?? this.selected;
    return true;
  }

  private move(by: number): boolean {
    const names = [...this.clients().map(({ name }) => name), ...this.listedBans().map(({ client }) => client)];
    const at = names.indexOf(this.selected ?? '');
    this.selected = names[at < 0 ? 0 : Math.max(0, Math.min(names.length - 1, at + by))];
    return true;
  }

  private ask(what: string, act: (order: Order) => Promise<readonly TargetResult[]>): boolean {
    const target = this.selected;
    if (target === undefined) {
      this.answer = 'select a client first: ↑ ↓';
      return true;
    }
    const { context } = this;
    const socket = requireSocket(context);
    const by = whoAsks(context, { reason: 'from zban top' });
    const carryOut = async () => {
      const results = await act({ socket, target, by });
      return results.map((result) => `${result.target}: ${result.message}`).join('; ');
    };
    this.mode = { kind: 'ask', question: `${what} ${target}? y/n`, carryOut };
    return true;
  }

  /** Shows what comes of it when it comes. */
  private report(answer: Promise<string>): void {
    this.answer = '…';
    void answer.catch(messageOf).then((text) => {
      this.answer = printable(text);
      this.onNews();
    });
  }

  private explain(): boolean {
    const subject = this.selected;
    if (subject === undefined) {
      this.answer = 'select a client first: ↑ ↓';
      return true;
    }
    const lines: string[] = [];
    const say = (text: string) => void lines.push(...text.split('\n'));
    const output = { data: say, say, talk: say, json: () => {} };
    const page = this.explanation({ ...this.context, output }, { subject }).then(() => {
      this.mode = { kind: 'page', lines, from: 0 };
      return '';
    });
    this.report(page);
    return true;
  }

  private clients(): readonly TopClient[] {
    const { order, filter } = this;
    const matching = this.view.clients.filter((client) => {
      const text = [client.name, this.whoIs(client.name), client.top_path, client.nearest?.limit].join(' ');
      return text.toLowerCase().includes(filter.toLowerCase());
    });
    const share = ({ nearest }: TopClient) => nearest?.share ?? 0;
    return matching.sort((a, b) => (order === 'limit' ? share(b) - share(a) : 0) || b.requests - a.requests);
  }

  private listedBans(): readonly ActiveBan[] {
    const { bans, filter } = this;
    if (filter === '') return bans;
    return bans.filter(({ client, condition, reason }) =>
      [client, this.whoIs(client), condition, reason].join(' ').toLowerCase().includes(filter.toLowerCase()),
    );
  }

  private hint(columns: number): string {
    const { mode, answer, filter, order } = this;
    if (mode.kind === 'ask') return mode.question;
    if (mode.kind === 'filter') return `filter: ${filter}▏ Enter keeps it, Esc clears it`;
    if (answer !== '') return answer;
    const keys = [
      'b ban',
      'u unban',
      'a allow',
      'e explain',
      '/ filter',
      `s sort by ${order === 'limit' ? 'rate' : 'limit'}`,
      'q quit',
    ];
    const all = columns < 96 ? keys.join(' · ') : ['↑↓ Tab select', ...keys].join('   ');
    return filter === '' ? all : `[${filter}] ${all}`;
  }

  /** What is known without asking anybody. */
  private whoIs(name: string): string {
    return printable(this.finder.describeRemembered([name])[0] ?? '');
  }

  /** A database that this user may not read shows no bans; their number is in the header all the same. */
  async readBans(): Promise<void> {
    const { now } = this.context;
    const { database } = requireSections(this.context, ['state']).state;
    this.bans = await withTrail(database, ({ reader }) => reader.firstBans(now(), BANS_READ, true)).catch(() => []);
  }
}
