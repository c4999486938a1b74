/** How nginx writes the value of a variable into a log (ngx_http_log_module.c), byte by byte. */

type Escape = (value: Uint8Array) => Uint8Array;

const QUOTE_OR_BACKSLASH = new Set([0x22, 0x5c]);
const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, '0');
const SHORT: Readonly<Record<number, string>> = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r' };

function escapeBytes(value: Uint8Array, escapeByte: (byte: number) => string | undefined): Uint8Array {
  return Buffer.concat([...value].map((byte) => Buffer.from(escapeByte(byte) ?? [byte])));
}

/** `escape=json`: nothing above space is escaped but quotes and backslashes, be it UTF-8 or not. */
export const escapeJson: Escape = (value) =>
  escapeBytes(value, (byte) => {
    if (QUOTE_OR_BACKSLASH.has(byte)) return `\\${String.fromCharCode(byte)}`;
    return byte < 0x20 ? (SHORT[byte] ?? `\\u00${hex(byte)}`) : undefined;
  });

/** `escape=default`: what is not printable ASCII, and quotes and backslashes, as \xHH. */
export const escapeDefault: Escape = (value) =>
  escapeBytes(value, (byte) =>
    byte < 0x20 || byte > 0x7e || QUOTE_OR_BACKSLASH.has(byte) ? `\\x${hex(byte)}` : undefined,
  );
