/** Lines of made-up surges and of ordinary traffic; nothing here asserts. */
import { type NamedLine, TRAITS } from '../../src/site/site-line.ts';
import { SiteSample } from '../../src/site/site-sample.ts';
import { hashText } from '../../src/traffic/hash.ts';

export interface Made {
  readonly path: string;
  readonly agent: string;
  readonly network: string;
  readonly client: number;
  readonly query?: string;
  readonly traits?: readonly (keyof typeof TRAITS)[];
  /** Paths of one pattern are one; by default the path itself. */
  readonly pattern?: string;
}

export function line({ path, agent, network, client, query = '', traits = [], pattern = path }: Made): NamedLine {
  return {
    path: hashText(pattern),
    agent: hashText(agent),
    network: hashText(network),
    traits: traits.reduce((bits, trait) => bits | TRAITS[trait], query === '' ? 0 : TRAITS.query),
    names: { path, agent, network },
    client,
    url: ((hashText(path) & 0xffff_0000) | (hashText(path + query) >>> 16)) >>> 0,
  };
}

const BROWSERS = 40;

/** Page views with three files each, by browsers of 40 kinds at home in as many networks; from client number `first` on. */
export function views(count: number, first: number, page = (n: number) => `/page-${n % 20}`): NamedLine[] {
  return Array.from({ length: count }, (_, n) => {
    const from = { agent: `Browser/${n % BROWSERS}`, network: `net ${n % BROWSERS}`, client: first + n };
    const file = (name: string) => line({ ...from, path: name, traits: ['file', 'referred'] });
    return [line({ ...from, path: page(n) }), file('/a.css'), file(`/${n % 30}.jpg`), file(`/${n % 7}.png`)];
  }).flat();
}

/** A sample of 400 ordinary page views. */
export function ordinarySample(): SiteSample {
  const sample = new SiteSample();
  for (const view of views(400, 0)) sample.take(view);
  sample.commit();
  return sample;
}
