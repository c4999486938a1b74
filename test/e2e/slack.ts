/** Slack's stand-in on the loopback of a namespace. */
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from '../support/daemon.ts';
import type { Network } from '../support/netns.ts';

const PROGRAM = fileURLToPath(new URL('./slack-program.ts', import.meta.url));

export interface SlackMessage {
  /** The fallback text: the headline. */
  readonly text: string;
  /** The whole message as JSON text, to be searched. */
  readonly whole: string;
}

export interface Slack {
  readonly webhookUrl: string;
  /** What it took so far, in order. */
  readonly messages: readonly SlackMessage[];
  /** The messages whose headline matches. */
  find(pattern: RegExp): readonly SlackMessage[];
}

/** Starts it on a host of the network; it ends with the network. */
export async function startSlack(network: Network, host: string): Promise<Slack> {
  const child = network.spawn(host, [process.execPath, PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (!child.stdout) throw new Error('no standard output');
  const messages: SlackMessage[] = [];
  let port: number | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const value = JSON.parse(line) as { readonly port?: number; readonly text?: string };
    port ??= value.port;
    if (value.text !== undefined) messages.push({ text: value.text, whole: line });
  });
  await until('the Slack stand-in listens', () => port !== undefined);
  return {
    webhookUrl: `http://127.0.0.1:${port}/services/T0TEST/B0TEST/secret`,
    messages,
    find: (pattern) => messages.filter(({ text }) => pattern.test(text)),
  };
}
