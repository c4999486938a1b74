/**
 * What scripts/run shows while zban is tried: what it learned, every decision as one line, the site against what is
 * usual, and what to do next. Arguments: the configuration, the daemon's own log, and the simulator's if there is one.
 */

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../config/load.ts';
import { callDaemon } from '../../control/client.ts';
import { formatSpan } from '../../english/duration.ts';
import { countOf, timesOf } from '../../english/number.ts';
import { progressOf } from '../../english/progress.ts';
import { isNumber, isObject, isOptional, isText, parseJson } from '../../model/shape.ts';
import type { TopView } from '../../model/status.ts';
import { printable } from '../../model/text.ts';
import { withTrail } from '../../record/trail/open-trail.ts';
import { ProgressBar } from '../progress-bar.ts';
import { columnsOf, createStyle, wantsColour } from '../style.ts';
import { cutText, foldLine } from '../text.ts';
import { drawSite, extendRates } from '../top/layout.ts';
import { describeAttack, describeEntry } from './lines.ts';

const LOOK_MS = 250;
/** Looks between two questions to the daemon. */
const LOOKS_PER_ASK = 4;
const CLEAR_LINE = '\r\u001b[2K';

const [configPath = '', daemonLog = '', simulatorLog] = process.argv.slice(2);
const style = createStyle(wantsColour(process.stdout, process.env));
const isLive = process.stdout.isTTY === true;
const learning = new ProgressBar('learning', process.stdout);
let liveLine = '';
const banned = new Set<string>();
let anomalies = 0;
let learned = '';

/** Text of one line. */
function say(line: string): void {
  print(foldLine(line, columnsOf(process.stdout)));
}

function print(text: string): void {
  process.stdout.write(isLive ? `${CLEAR_LINE}${text}\n${liveLine}` : `${text}\n`);
}

function showLive(text: string): void {
  if (!isLive) return;
  liveLine = text;
  process.stdout.write(CLEAR_LINE + text);
}

/** Lines of a file that grows; those that were given before come once. */
class Growing {
  private readonly path: string;
  private given = 0;

  constructor(path: string) {
    this.path = path;
  }

  take(): string[] {
    const lines = readFileSync(this.path, 'utf8').split('\n').slice(0, -1);
    const fresh = lines.slice(this.given);
    this.given = lines.length;
    return fresh;
  }
}

const isLearned = isObject({
  msg: (value): value is string => isText(value) && value.startsWith('learned from the history'),
  ...{ lines: isNumber, seconds: isNumber, span_seconds: isOptional(isNumber) },
});

/** The daemon once it has learned; undefined while it starts. */
async function ask(socket: string): Promise<TopView | undefined> {
  const view = await callDaemon(socket, 'top').catch(() => undefined);
  if (view?.status.warm_start) learning.draw(progressOf(view.status.warm_start), 'lines');
  return view === undefined || view.status.state === 'starting' || view.status.logs.length === 0 ? undefined : view;
}

function introduce(daemon: Growing): void {
  const found = daemon
    .take()
    .map((line) => parseJson(line, isLearned))
    .find((line) => line !== undefined);
  const lines = found?.lines ?? 0;
  if (lines === 0) {
    say('zban has no history to learn from: it learns from what comes, and is careful meanwhile.');
    return;
  }
  const span = found?.span_seconds === undefined ? '' : `, ${formatSpan(found.span_seconds * 1000)}`;
  learned = `learned from ${countOf(lines, 'line')}${span}, in ${found?.seconds ?? 0} s`;
  say(`${style.green('ready')}     zban ${learned}`);
}

function conclude(): void {
  showLive('');
  const found = `${countOf(banned.size, 'client')} would have been banned`;
  const site = anomalies === 0 ? '' : `, the site as a whole was unusually busy ${timesOf(anomalies)}`;
  print('');
  say(
    `${style.bold('That was zban.')} ${learned === '' ? '' : `It ${learned}; `}${found}${site}. Nothing was blocked.`,
  );
  print('');
  for (const line of listNext(columnsOf(process.stdout))) print(line);
}

const NEXT = [
  ['scripts/zban replay /var/log/nginx/access.log*', 'who would have been banned on your site'],
  ['scripts/run /var/log/nginx/access.log', 'watch your own log, bans nobody'],
  ['sudo scripts/install', 'install it, in observe mode'],
] as const;

/** What to do now; commands are never broken, so that they can be copied. */
function listNext(columns: number): string[] {
  const longest = Math.max(...NEXT.map(([command]) => command.length));
  const isWide = NEXT.every(([, what]) => longest + what.length + 9 <= columns);
  return NEXT.flatMap(([command, what], at) => {
    const label = at === 0 ? style.bold('Next') : '    ';
    if (isWide) return [`${label}  ${command.padEnd(longest)}   ${what}`];
    return [`${label}  ${what}:`, `        ${command}`];
  });
}

async function follow(): Promise<void> {
  const loaded = loadConfig(configPath);
  if (!loaded.ok)
    throw new Error(`${configPath} cannot be used: ${loaded.problems.map(({ message }) => message).join('; ')}`);
  const { control, state } = loaded.config;
  const simulator = simulatorLog === undefined ? undefined : new Growing(simulatorLog);
  let view: TopView | undefined;
  while (!view) {
    view = await ask(control.socket);
    if (!view) await sleep(LOOK_MS);
  }
  learning.clear();
  introduce(new Growing(daemonLog));
  let rates = extendRates({ second: 0, rates: [] }, view);
  await withTrail(state.database, async ({ reader }) => {
    let afterId = 0;
    for (let looks = 0; ; looks++) {
      for (const line of simulator?.take() ?? []) {
        const text = describeAttack(line, Date.now(), style);
        if (text) say(text);
      }
      const page = reader.query({ afterId, limit: 1000 });
      for (const entry of page) {
        if (entry.action === 'ban') banned.add(entry.client);
        if (entry.action === 'global_anomaly' && entry.numbers.phase === 'start') anomalies++;
        const text = describeEntry(entry, style, columnsOf(process.stdout));
        if (text) say(text);
      }
      afterId = page.at(-1)?.id ?? afterId;
      if (looks % LOOKS_PER_ASK === 0) {
        view = (await ask(control.socket)) ?? view;
        if (view) {
          rates = extendRates(rates, view);
          // The terminal writes ^C behind it.
          showLive(drawSite(view.status, rates.rates, style, Math.min(100, columnsOf(process.stdout)) - 3));
        }
      }
      await sleep(LOOK_MS);
    }
  });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    conclude();
    process.exit(0);
  });
}
follow().catch((error: unknown) => {
  process.stderr.write(`zban: ${printable(cutText(String(error), 500))}\n`);
  process.exit(1);
});
