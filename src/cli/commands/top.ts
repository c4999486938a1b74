import { setTimeout as sleep } from 'node:timers/promises';
import { callDaemon } from '../../control/client.ts';
import type { Status } from '../../model/status.ts';
import { formatNumber } from '../../words/reason.ts';
import { peakOf } from '../../words/site-reason.ts';
import { type Context, requireSections } from '../context.ts';
import { EXIT } from '../exit.ts';
import { showLive } from '../screen.ts';
import { formatTable } from '../table.ts';
import { formatShare, formatTime, printable } from '../text.ts';

const INTERVAL_MS = 1000;

/**
 * `zban top`: the clients with most requests in the window, drawn in place every second until q; once, where standard
 * output is no terminal, and as an array of `{"name","requests","share"}` with `--json`.
 */
export async function top(context: Context): Promise<number> {
  const { output, json, now } = context;
  const { socket } = requireSections(context, ['control']).control;
  let status = await callDaemon(socket, 'status');
  if (json) output.json(status.top_clients);
  else if (process.stdout.isTTY) {
    const ending = new AbortController();
    let failure: unknown;
    const take = (next: Status) => {
      status = next;
    };
    void ask(socket, ending.signal, take).catch((error: unknown) => {
      failure = error;
    });
    await showLive(process, INTERVAL_MS, () => {
      // A daemon that stops ends the picture too.
      if (failure !== undefined) throw failure;
      return formatTop(status, now());
    }).finally(() => ending.abort());
  } else output.data(formatTop(status, now()));
  return EXIT.done;
}

/** Asks for the status again and again; rejects when the daemon no longer answers. */
async function ask(socket: string, signal: AbortSignal, take: (status: Status) => void): Promise<void> {
  while (!signal.aborted) {
    take(await callDaemon(socket, 'status'));
    await sleep(INTERVAL_MS, undefined, { ref: false });
  }
}

function formatTop(status: Status, nowMs: number): string {
  const { mode, active_bans, observed_bans, site_rate, clients, incident, troubles } = status;
  const bans = mode === 'observe' ? `${observed_bans} would be banned` : `${active_bans} banned`;
  const anomaly = incident
    ? `, the site is ${incident.ongoing ? 'anomalous' : 'calming down'}: peak ${peakOf(incident)}`
    : '';
  const lines = [
    `${formatTime(nowMs)}  ${formatNumber(site_rate)} requests/s from ${clients} clients, ${bans}${anomaly}`,
    formatTable(
      ['CLIENT', 'REQUESTS', 'SHARE'],
      status.top_clients.map(({ name, requests, share }) => [name, String(requests), formatShare(share)]),
    ),
    ...troubles.map((trouble) => `trouble: ${printable(trouble)}`),
  ];
  return lines.join('\n');
}
