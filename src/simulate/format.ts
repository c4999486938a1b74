import type { AccessEvent } from './access-event.ts';

/** `json` is the format of the `log_format` of docs/first-week.md, `combined` nginx's built-in one. */
export type LogFormat = 'json' | 'combined';

/** The line of a request, with its line feed. */
export function formatLine(event: AccessEvent, format: LogFormat): string {
  return format === 'json' ? formatJson(event) : formatCombined(event);
}

/** All values as strings, as `escape=json` with quotes around every variable writes them. */
function formatJson(event: AccessEvent): string {
  const { from } = event;
  return `{"timestamp":"${decimal(event.timeMs)}","source_ip":"${from.ip}","method":"${event.method}","path":"${escapeJson(event.path)}","status":"${event.status}","response_size":"${event.responseBytes}","request_time":"${decimal(event.requestMs)}","user_agent":"${escapeJson(from.userAgent)}","referer":"${escapeJson(event.referer)}","host":"${from.host}"}\n`;
}

function formatCombined(event: AccessEvent): string {
  const { from } = event;
  const second = Math.floor(event.timeMs / 1000);
  return `${from.ip} - - [${localTime(second)}] "${event.method} ${escapeCombined(event.path)} HTTP/1.1" ${event.status} ${event.responseBytes} "${escapeCombined(event.referer) || '-'}" "${escapeCombined(from.userAgent) || '-'}"\n`;
}

const THREE_DIGITS = Array.from({ length: 1000 }, (_, value) => `.${String(value).padStart(3, '0')}`);

/** Whole milliseconds as seconds with three decimals. */
function decimal(ms: number): string {
  return Math.floor(ms / 1000) + (THREE_DIGITS[ms % 1000] ?? '');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must be found
const UNSAFE = /["\\\u0000-\u001f]/;

function escapeJson(text: string): string {
  return UNSAFE.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}

/** nginx writes quotes, backslashes and control characters as `\xXX` (ngx_http_log_module, `escape=default`). */
function escapeCombined(text: string): string {
  if (!UNSAFE.test(text)) return text;
  let escaped = '';
  for (const character of text)
    escaped += UNSAFE.test(character)
      ? `\\x${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
      : character;
  return escaped;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const recent = { second: Number.NaN, text: '' };

/** nginx's `$time_local` in UTC. The last second is remembered: thousands of lines share it. */
function localTime(second: number): string {
  if (second !== recent.second) {
    const iso = new Date(second * 1000).toISOString();
    const month = MONTHS[Number(iso.slice(5, 7)) - 1] ?? '';
    recent.text = `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
    recent.second = second;
  }
  return recent.text;
}
