/** Text that is drawn again and again in place, on the terminal's alternate screen, until the person has seen enough. */

/** Control functions of xterm (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html). */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'; // alternate screen, no cursor, long lines are cut
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const CLEAR = '\u001b[2J';
// Before the line: after one as wide as the terminal it would take away the last character.
const CLEAR_LINE = '\u001b[2K';
const goTo = (row: number): string => `\u001b[${row + 1};1H`;

/** Keys that end it, where `onKey` takes none of them. */
const QUIT: ReadonlySet<string> = new Set(['q', 'Q', '\u0003', '\u0004']);
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const ROWS_DEFAULT = 24;
const COLUMNS_DEFAULT = 80;

/** A key as a terminal sends it: a character, or a sequence such as that of an arrow. */
const KEY = /\p{Cc}[[O][0-9;]*[A-Za-z~]|[\s\S]/gu;
const NAMES: Readonly<Record<string, string>> = {
  '\u001b[A': 'up',
  '\u001bOA': 'up',
  '\u001b[B': 'down',
  '\u001bOB': 'down',
  '\u001b[5~': 'page up',
  '\u001b[6~': 'page down',
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u001b': 'escape',
  '\u007f': 'backspace',
  '\b': 'backspace',
};

export interface Screen {
  readonly stdin: Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'pause' | 'resume'>;
  readonly stdout: Pick<NodeJS.WriteStream, 'write' | 'rows' | 'columns' | 'on' | 'off'>;
}

export interface Size {
  readonly rows: number;
  readonly columns: number;
}

export interface Live {
  readonly intervalMs: number;
  /** The lines of the picture; what does not fit is left out. */
  readonly frame: (size: Size) => readonly string[];
  /** True when it took the key: a character, or `up`, `down`, `page up`, `page down`, `tab`, `enter`, `escape`, `backspace`. */
  readonly onKey?: (key: string) => boolean;
  /** Gets what draws the picture at once, for news between two intervals. */
  readonly onStart?: (draw: () => void) => void;
}

/**
 * Draws the picture at once, every `intervalMs`, after each key and whenever the terminal's size changes; writes only
 * lines that changed, which a slow connection needs. Resolves when q or Ctrl-C is pressed or a signal asks to end, rejects
 * when `frame` throws; the terminal is as it was before either way, also when the process ends for another reason.
 */
export async function showLive({ stdin, stdout }: Screen, live: Live): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let shown: readonly string[] = [];
  const draw = () => {
    try {
      const size = { rows: stdout.rows || ROWS_DEFAULT, columns: stdout.columns || COLUMNS_DEFAULT };
      const lines = live.frame(size).slice(0, size.rows);
      const rows = Math.max(lines.length, shown.length);
      const changes = Array.from({ length: rows }, (_, row) =>
        lines[row] === shown[row] ? '' : `${goTo(row)}${CLEAR_LINE}${lines[row] ?? ''}`,
      ).join('');
      shown = lines;
      if (changes !== '') stdout.write(changes);
    } catch (error) {
      reject(error);
    }
  };
  const redraw = () => {
    shown = [];
    stdout.write(CLEAR);
    draw();
  };
  const onData = (bytes: Buffer) => {
    for (const [key] of bytes.toString('utf8').matchAll(KEY)) {
      if (live.onKey?.(NAMES[key] ?? key)) continue;
      if (QUIT.has(key)) resolve();
    }
    draw();
  };
  const end = () => resolve();
  // A write to a terminal is over when it returns, so that this also works for the last thing a process does.
  const leave = () => void stdout.write(LEAVE);
  for (const signal of SIGNALS) process.on(signal, end);
  process.on('exit', leave);
  stdout.on('resize', redraw);
  if (stdin.isTTY) {
    stdin.setRawMode(true);
    stdin.on('data', onData);
    stdin.resume();
  }
  const timer = setInterval(draw, live.intervalMs);
  try {
    stdout.write(ENTER);
    redraw();
    live.onStart?.(draw);
    await promise;
  } finally {
    clearInterval(timer);
    for (const signal of SIGNALS) process.off(signal, end);
    process.off('exit', leave);
    stdout.off('resize', redraw);
    if (stdin.isTTY) {
      stdin.off('data', onData);
      stdin.setRawMode(false);
      stdin.pause();
    }
    leave();
  }
}
