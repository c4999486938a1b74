/** Text that is drawn again and again in place, on the terminal's alternate screen, until the person has seen enough. */

/** Control functions of xterm (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html). */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'; // alternate screen, no cursor, long lines are cut
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const END_OF_LINE = '\u001b[K';
const END_OF_SCREEN = '\u001b[J';
/** Keys that end it: q, Ctrl-C, Ctrl-D. */
const QUIT = ['q', 'Q', '\u0003', '\u0004'];
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const ROWS_DEFAULT = 24;

export interface Screen {
  readonly stdin: Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'pause' | 'resume'>;
  readonly stdout: Pick<NodeJS.WriteStream, 'write' | 'rows' | 'on' | 'off'>;
}

/**
 * Draws what `frame` gives for the terminal's number of rows, at once, every `intervalMs` and whenever the terminal's
 * size changes. Resolves when q or Ctrl-C is pressed or a signal asks to end, rejects when `frame` throws; the terminal
 * is as it was before either way.
 */
export async function showLive(
  { stdin, stdout }: Screen,
  intervalMs: number,
  frame: (rows: number) => string,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const draw = () => {
    try {
      const rows = stdout.rows || ROWS_DEFAULT;
      const lines = frame(rows).split('\n').slice(0, rows);
      stdout.write(`${HOME}${lines.map((line) => line + END_OF_LINE).join('\r\n')}${END_OF_SCREEN}`);
    } catch (error) {
      reject(error);
    }
  };
  const onKey = (bytes: Buffer) => {
    if (QUIT.some((key) => bytes.includes(key))) resolve();
  };
  const end = () => resolve();
  for (const signal of SIGNALS) process.on(signal, end);
  stdout.on('resize', draw);
  if (stdin.isTTY) {
    stdin.setRawMode(true);
    stdin.on('data', onKey);
    stdin.resume();
  }
  const timer = setInterval(draw, intervalMs);
  try {
    stdout.write(ENTER);
    draw();
    await promise;
  } finally {
    clearInterval(timer);
    for (const signal of SIGNALS) process.off(signal, end);
    stdout.off('resize', draw);
    if (stdin.isTTY) {
      stdin.off('data', onKey);
      stdin.setRawMode(false);
      stdin.pause();
    }
    stdout.write(LEAVE);
  }
}
