/** A tiny seeded source of access logs: visitors, and attacks where a test wants them. */

/** Uniform numbers in [0, 1): Tommy Ettinger's Mulberry32, so that a seed always tells the same story. */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Attack {
  readonly ip: string;
  /** Seconds from the start of the log. */
  readonly from: number;
  readonly to: number;
  /** Requests a second. */
  readonly rate: number;
  readonly status?: number;
  /** `*` is another word each time. */
  readonly path?: string;
}

export interface TrafficOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly visitors: number;
  readonly attacks?: readonly Attack[];
  /** Epoch second of the first line. */
  readonly start?: number;
  /** Chance that a line is written up to `lateSecondsMax` after its time. */
  readonly lateShare?: number;
  readonly lateSecondsMax?: number;
}

export const START = 1_767_225_600;

/** One line of nginx's JSON format. */
export function logLine(second: number, ip: string, path = '/', status = 200, agent = 'Mozilla/5.0'): string {
  return `{"msec":"${second}.250","remote_addr":"${ip}","request":"GET ${path} HTTP/1.1","status":"${status}","body_bytes_sent":"512","http_user_agent":"${agent}"}`;
}

/** The same request in nginx's `combined` format. */
export function combinedLine(second: number, ip: string, path = '/', status = 200, agent = 'Mozilla/5.0'): string {
  const [date, time] = new Date(second * 1000).toISOString().split(/[T.]/) as [string, string];
  const [year, month, day] = date.split('-');
  const name = 'JanFebMarAprMayJunJulAugSepOctNovDec'.slice(3 * Number(month) - 3, 3 * Number(month));
  return `${ip} - - [${day}/${name}/${year}:${time} +0000] "GET ${path} HTTP/1.1" ${status} 512 "-" "${agent}"`;
}

/** Address number `n` of the documentation ranges: IPv4, and every fourth an IPv6 network of its own. */
export function visitorIp(n: number): string {
  if (n % 4 === 3) return `2001:db8:${(n >> 4).toString(16)}:${(n & 0xffff).toString(16)}::7`;
  const net = ['192.0.2', '198.51.100', '203.0.113'][n % 3] ?? '192.0.2';
  return `${net}.${1 + (n % 200)}`;
}

export const ATTACKER = '203.0.113.250';

/** Four requests a second of eighty visitors, as text. */
export function calm(from: number, to: number): string {
  const lines = Array.from({ length: (to - from) * 4 }, (_, n) =>
    logLine(from + Math.floor(n / 4), visitorIp(n % 80), `/page/${n % 9}`),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** Requests of one client in one second, as text. */
export function burst(second: number, count: number, ip = ATTACKER): string {
  return Array.from({ length: count }, (_, n) => `${logLine(second, ip, `/?${n}`)}\n`).join('');
}

/** The lines of a log: visitors load a page with its assets every 20 s or so, attackers ask at their rate. */
export function writeLog(options: TrafficOptions): string[] {
  const { seed, seconds, visitors, attacks = [], start = START, lateShare = 0, lateSecondsMax = 10 } = options;
  const random = mulberry32(seed);
  const lines: { at: number; text: string }[] = [];
  for (let second = 0; second < seconds; second++) {
    const write = (ip: string, path: string, status = 200) => {
      const delay = random() < lateShare ? random() * lateSecondsMax : 0;
      lines.push({ at: second + delay + random() * 0.5, text: logLine(start + second, ip, path, status) });
    };
    for (let visitor = 0; visitor < visitors; visitor++) {
      if (random() > 0.05) continue;
      write(visitorIp(visitor), `/page/${Math.floor(random() * 50)}`, random() < 0.02 ? 404 : 200);
      for (let asset = random() * 6; asset > 1; asset--) write(visitorIp(visitor), `/static/${Math.floor(asset)}.css`);
    }
    for (const { ip, from, to, rate, status, path } of attacks) {
      if (second < from || second >= to) continue;
      for (let n = Math.floor(rate + random()); n > 0; n--)
        write(ip, path?.replace('*', word(100 * second + n)) ?? `/wp-login.php?${n}`, status);
    }
  }
  return lines.sort((a, b) => a.at - b.at).map(({ text }) => text);
}

/** Its digits as letters: no number to detection. */
const word = (number: number): string => `${number}`.replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] as string);

/** Twenty minutes with a flood, a scanner, a slow ramp of requests and a wave over the whole site. */
export const ATTACKED_LOG: Omit<TrafficOptions, 'seed'> = {
  seconds: 1200,
  visitors: 120,
  attacks: [
    { ip: '203.0.113.250', from: 200, to: 260, rate: 90 },
    { ip: '2001:db8:bad::1', from: 300, to: 400, rate: 3, status: 404, path: '/.env' },
    { ip: '198.51.100.251', from: 350, to: 900, rate: 4 },
    { ip: '203.0.113.250', from: 850, to: 900, rate: 20 },
    ...Array.from({ length: 150 }, (_, n) => ({ ip: `2001:db8:cafe:${n}::1`, from: 1000, to: 1060, rate: 0.9 })),
  ],
};
