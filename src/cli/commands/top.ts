import { setTimeout as sleep } from 'node:timers/promises';
import { callDaemon } from '../../control/client.ts';
import { type Context, requireSocket } from '../context.ts';
import { EXIT } from '../exit.ts';
import { reachDaemon } from '../reach-daemon.ts';
import { showLive } from '../screen.ts';
import { createStyle, wantsColour } from '../style.ts';
import { drawTop } from '../top/layout.ts';
import { TopSession } from '../top/session.ts';
import { explain } from './explain.ts';

const INTERVAL_MS = 1000;
/** Where nobody watches: wide enough for every column, and for as many rows as a terminal shows. */
const PRINTED = { rows: 40, columns: 140 };

/**
 * `zban top`: the clients nearest to a ban, and who is banned, drawn in place every second until q; once, where standard
 * output is no terminal, and as an array with `--json`.
 */
export async function top(context: Context): Promise<number> {
  const { output, json, env } = context;
  const socket = requireSocket(context);
  const view = await reachDaemon(context, socket, 'top');
  if (json) {
    output.json([...view.clients].sort((a, b) => b.requests - a.requests));
    return EXIT.done;
  }
  const style = createStyle(wantsColour(process.stdout, env));
  const session = new TopSession(context, style, view, explain);
  await session.readBans();
  if (process.stdout.isTTY) await watch(session, socket);
  else {
    const lines = drawTop({ ...session.picture(), hint: () => '' }, PRINTED);
    output.data(lines.join('\n').trimEnd());
  }
  return EXIT.done;
}

async function watch(session: TopSession, socket: string): Promise<void> {
  const ending = new AbortController();
  let failure: unknown;
  const ask = async (draw: () => void) => {
    while (!ending.signal.aborted) {
      await sleep(INTERVAL_MS, undefined, { ref: false });
      session.take(await callDaemon(socket, 'top'));
      await session.readBans();
      draw();
    }
  };
  await showLive(process, {
    intervalMs: INTERVAL_MS,
    frame: (size) => {
      // A daemon that stops ends the picture too.
      if (failure !== undefined) throw failure;
      return session.draw(size);
    },
    onKey: (key) => session.press(key),
    onStart: (draw) => {
      session.onNews = draw;
      void ask(draw).catch((error: unknown) => {
        failure = error;
        draw();
      });
    },
  }).finally(() => ending.abort());
}
