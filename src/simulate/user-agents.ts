import type { Random } from './random.ts';

const DESKTOPS = [
  'Windows NT 10.0; Win64; x64',
  'Macintosh; Intel Mac OS X 10_15_7',
  'X11; Linux x86_64',
  'Windows NT 10.0; WOW64',
];
const PHONES = [
  'Linux; Android 10; K',
  'Linux; Android 14; Pixel 8',
  'Linux; Android 13; SM-A546B',
  'Linux; Android 12; Redmi Note 10',
];

/** User agent of a browser; about half are phones. */
export function browserAgent(random: Random): string {
  const kind = random.next();
  const version = random.int(118, 142);
  if (kind < 0.3)
    return `Mozilla/5.0 (${random.pick(DESKTOPS)}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Safari/537.36`;
  if (kind < 0.4) return `Mozilla/5.0 (${random.pick(DESKTOPS)}; rv:${version}.0) Gecko/20100101 Firefox/${version}.0`;
  if (kind < 0.75)
    return `Mozilla/5.0 (${random.pick(PHONES)}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Mobile Safari/537.36`;
  return `Mozilla/5.0 (iPhone; CPU iPhone OS ${random.int(15, 18)}_${random.int(0, 6)} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${random.int(15, 18)}.0 Mobile/15E148 Safari/604.1`;
}

/** User agent of the shop's app on a phone. */
export function appAgent(random: Random): string {
  return random.chance(0.7)
    ? `ExampleShop/4.${random.int(0, 9)} okhttp/4.12.0 (Android ${random.int(9, 15)})`
    : `ExampleShop/4.${random.int(0, 9)} CFNetwork/1494.0.7 Darwin/23.${random.int(0, 6)}.0`;
}

/** What attackers say they are: tools by name, or an old browser. */
export function attackerAgent(random: Random): string {
  return random.pick([
    'python-requests/2.31.0',
    'Go-http-client/1.1',
    'Mozilla/5.0 (Windows NT 6.1; rv:52.0) Gecko/20100101 Firefox/52.0',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81.0.4044.129 Safari/537.36',
    'Mozilla/5.0 zgrab/0.x',
    '',
  ]);
}
