/** A session at the terminal as people see it: real commands, real output, drawn as an animated picture for the README. */
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TestDaemon } from '../support/daemon.ts';
import { logLine, visitorIp } from '../support/traffic.ts';
import { DEADLINE_MS } from '../support/until.ts';

export interface Scene {
  readonly command: string;
  readonly lines: readonly string[];
}

const COLUMNS = 96;
/** Of the report only the beginning fits. */
const REPLAY_LINES = 22;
/** The scanner of the simulated log. */
const CLIENT = '203.0.113.162';
const NAMES = [
  ...['.env', '.git/config', 'wp-config.php.bak', 'phpinfo.php', 'backup.zip', 'admin.php', 'db.sql', 'shell.php'],
  ...['config.json', '.aws/credentials', 'vendor/phpunit', 'old/index.php', 'id_rsa', 'dump.tar.gz', 'test.php'],
];
/** More than it takes: refusals of different paths are estimated, under a key that differs from run to run. */
const PROBES = ['', 'backup/', 'old/'].flatMap((folder) => NAMES.map((name) => `${folder}${name}`));

/** Runs the commands; takes some seconds. */
export async function record(): Promise<Scene[]> {
  const daemon = new TestDaemon({ env: { COLUMNS: String(COLUMNS), NO_COLOR: '1' }, config: { name: 'web-1' } });
  // People need not name their configuration.
  const lines = (text: string) => text.replaceAll(` --config ${daemon.configPath}`, '').trimEnd().split('\n');
  try {
    const old = join(daemon.folder, 'old.log');
    daemon.zban('simulate', '--out', old, '--duration', '3h', '--attacks', 'scanner,login,flood', '--seed', '7');
    // How fast it was says more about the machine that drew the picture: docs/measurements.md has that.
    const report = lines(daemon.zban('replay', old).stdout).filter((line) => !line.startsWith('read in '));
    const replay = report.slice(0, REPLAY_LINES);
    const now = Math.floor(Date.now() / 1000);
    writeFileSync(daemon.log, calm(now - 3900, now - 1));
    await daemon.start();
    appendFileSync(
      daemon.log,
      PROBES.map(
        (path) => `${logLine(Math.floor(Date.now() / 1000), CLIENT, `/${path}`, 404, 'python-requests/2.31')}\n`,
      ).join(''),
    );
    const deadline = Date.now() + DEADLINE_MS;
    while (daemon.json<unknown[]>('list').length === 0) {
      if (Date.now() > deadline) throw new Error(`nobody was banned: ${daemon.stderr}`);
      await delay(20);
    }
    const explain = lines(daemon.zban('explain', CLIENT).stdout);
    const unban = lines(daemon.zban('unban', CLIENT).stdout);
    return [
      { command: 'zban replay /var/log/nginx/access.log*', lines: replay },
      { command: `zban explain ${CLIENT}`, lines: explain },
      { command: `zban unban ${CLIENT}`, lines: unban },
    ];
  } finally {
    await daemon.close();
  }
}

function calm(from: number, to: number): string {
  return Array.from(
    { length: to - from },
    (_, n) => `${logLine(from + n, visitorIp(n % 40), `/page/${n % 9}`)}\n`,
  ).join('');
}

/** What of a line stays the same from one run to the next, on a slow machine as well: how it begins, without its numbers. */
export function shape(line: string): string {
  return line
    .replace(/[\d.,]+/g, '0')
    .split(/\s+/)
    .slice(0, 3)
    .join(' ');
}

interface Palette {
  readonly background: string;
  readonly text: string;
  readonly dim: string;
  readonly red: string;
  readonly green: string;
  readonly blue: string;
}

export const PALETTES: Readonly<Record<'light' | 'dark', Palette>> = {
  light: { background: '#ffffff', text: '#1f2328', dim: '#59636e', red: '#c1121f', green: '#116329', blue: '#0550ae' },
  dark: { background: '#0d1117', text: '#e6edf3', dim: '#8d96a0', red: '#ff7b72', green: '#56d364', blue: '#79c0ff' },
};

/** Whatever font there is, a character takes this much. */
const [CHAR_PX, ROW_PX, PAD_PX] = [8.4, 20, 18];
/** A command is read for a second before its output comes, line by line; then the screen stands. */
const [COMMAND_S, LINE_S, READ_S] = [1.2, 0.12, 6];

/** The picture: one scene after the other, for ever; where nothing moves, the explanation. */
export function draw(scenes: readonly Scene[], { background, text, dim, red, green, blue }: Palette): string {
  const rows = Math.max(...scenes.map(({ lines }) => lines.length)) + 2;
  const columns = Math.max(...scenes.flatMap(({ lines }) => lines.map(({ length }) => length)));
  const [width, height] = [columns * CHAR_PX + 2 * PAD_PX, rows * ROW_PX + 2 * PAD_PX];
  const spans = scenes.map(({ lines }) => COMMAND_S + lines.length * LINE_S + READ_S);
  const total = spans.reduce((sum, span) => sum + span, 0);
  const [styles, texts]: [string[], string[]] = [[], []];
  let startS = 0;
  for (const [at, { command, lines }] of scenes.entries()) {
    const endS = startS + (spans[at] ?? 0);
    for (const [row, line] of [`$ ${command}`, '', ...lines].entries()) {
      if (line === '') continue;
      const fromS = startS + (row === 0 ? 0 : COMMAND_S + (row - 2) * LINE_S);
      const name = `s${at}-${row}`;
      styles.push(keyframes(name, (100 * fromS) / total, (100 * endS) / total, total));
      const y = PAD_PX + (row + 0.75) * ROW_PX;
      const widthPx = (line.length * CHAR_PX).toFixed(1);
      const place = `x="${PAD_PX}" y="${y}" textLength="${widthPx}" lengthAdjust="spacingAndGlyphs"`;
      texts.push(`<text id="${name}" ${place} class="${colorOf(line)}">${escapeXml(line)}</text>`);
    }
    startS = endS;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width.toFixed(0)} ${height}" role="img" aria-label="zban at the terminal: a replay, an explanation, an unban">
<style>
text { font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: ${text}; white-space: pre; opacity: 0 }
.prompt { fill: ${blue}; font-weight: bold } .ban { fill: ${red} } .undo { fill: ${green} } .dim { fill: ${dim} }
text[id^="s1-"] { opacity: 1 }
@media (prefers-reduced-motion: reduce) { text { animation: none !important } }
${styles.join('\n')}
</style>
<rect width="100%" height="100%" rx="10" fill="${background}" stroke="${dim}" stroke-opacity="0.4"/>
${texts.join('\n')}
</svg>
`;
}

function keyframes(name: string, from: number, to: number, seconds: number): string {
  const [begin, end] = [from.toFixed(2), Math.min(to, 100).toFixed(2)];
  const hidden = from === 0 ? '' : `0%,${begin}%{opacity:0}`;
  const rest = to >= 100 ? '' : `${end}%,100%{opacity:0}`;
  return `@keyframes ${name}{${hidden}${begin}%,${end}%{opacity:1}${rest}} #${name}{animation:${name} ${seconds.toFixed(1)}s step-end infinite}`;
}

function colorOf(line: string): string {
  if (line.startsWith('$')) return 'prompt';
  if (/\bUNBAN\b|^Undo|unbanned|lifted|Never ban/.test(line)) return 'undo';
  if (/\bBAN\b|is banned/.test(line)) return 'ban';
  return /^ {11}|^profile|^read |^Normal|^Requests/.test(line) ? 'dim' : 'text';
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The lines of a committed picture. */
export function linesOf(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text = '']) =>
    text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
  );
}
