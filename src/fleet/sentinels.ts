/** Finds the server that Sentinels name, and hears from them when another one takes its place. */

/** Of an address without a port. */
const SENTINEL_PORT = 26_379;

/** A connection to one Sentinel. */
interface SentinelClient {
  on(event: 'error', listener: () => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(words: string[]): Promise<unknown>;
  subscribe(channel: string, listener: (text: string) => void): Promise<unknown>;
  destroy(): void;
}

/**
 * Connections to all Sentinels (https://redis.io/docs/latest/develop/reference/sentinel-clients/). The library's own client for
 * Sentinels makes new classes of all commands each time that it finds nobody.
 */
export class Sentinels {
  private readonly clients: readonly (readonly [url: URL, client: SentinelClient])[];
  private readonly master: string;

  constructor(urls: readonly string[], master: string, clientOf: (url: string) => SentinelClient) {
    this.master = master;
    this.clients = urls.map((each) => {
      const url = new URL(each);
      url.port ||= String(SENTINEL_PORT);
      return [url, clientOf(url.href)];
    });
  }

  /**
   * The address that the first one to answer names; rejects when none does. `onSwitch` is called when any of them says later that
   * another server is the master: the last one takes writes for ten more seconds, which are lost.
   */
  async follow(onSwitch: (error: Error) => void): Promise<string> {
    const answers = this.clients.map(async ([{ protocol }, client]) => {
      client.on('error', () => {});
      await client.connect();
      const answer = await client.sendCommand(['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', this.master]);
      if (!Array.isArray(answer)) throw new Error(`the Sentinels know no master ${this.master}`);
      await client.subscribe('+switch-master', (text) => {
        if (text.startsWith(`${this.master} `)) onSwitch(new Error('another server is the master now'));
      });
      const [host, port] = answer.map(String);
      return `${protocol}//${host?.includes(':') ? `[${host}]` : host}:${port}`;
    });
    return Promise.any(answers).catch(({ errors }: AggregateError) => Promise.reject(errors[0]));
  }

  close(): void {
    for (const [, client] of this.clients) client.destroy();
  }
}
