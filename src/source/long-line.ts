/**
 * Shortens a line that is too long for the parser by the ends of its long values, so that what nginx wrote itself stays
 * (address, time, status), whatever clients made of the fields they control, in whatever order the fields stand.
 */

const [NEWLINE, QUOTE, BACKSLASH, SPACE] = [0x0a, 0x22, 0x5c, 0x20];
/** `\u0001`, the longest escape sequence of JSON and of nginx: it is kept whole or not at all. */
const ESCAPE_LENGTH = 6;
/** A value may take a 2⁻³ of what is left: dozens of long values fit, and the first ones keep most. */
const SHARE_LOG2 = 3;

/**
 * One line, fed in any number of pieces. A value is what stands between quotes, or outside of them between spaces: nginx
 * escapes quotes and backslashes in every variable (ngx_http_log_module, `escape=default` and `escape=json`).
 */
export class LongLine {
  private readonly bytes: Uint8Array<ArrayBuffer>;
  private readonly bytesMax: number;
  private length = 0;
  /** Bytes that the value may still take. */
  private room: number;
  private isQuoted = false;
  private isEscaped = false;
  private hasQuote = false;
  private isFull = false;

  /** Keeps at most `bytesMax` bytes; 0 keeps nothing, for a line whose beginning nobody saw. */
  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
    this.bytes = new Uint8Array(bytesMax + 1);
    this.room = bytesMax >> SHARE_LOG2;
  }

  /** Takes in more of the line, without its newline. */
  feed(piece: Uint8Array): void {
    if (this.isFull || this.isBeyond(piece)) return;
    for (let at = 0; at < piece.length; at++) {
      const c = piece[at] as number;
      if (this.isEscaped) {
        this.isEscaped = false;
        if (this.room > 0) this.keep(c);
      } else if (c === QUOTE || (c === SPACE && !this.isQuoted)) this.endValue(c);
      else {
        if (c === BACKSLASH) {
          this.isEscaped = true;
          if (this.room < ESCAPE_LENGTH) this.room = 0;
        }
        if (this.room > 0) this.keep(c);
      }
    }
  }

  /** The shortened line with a newline; undefined when it is no log line (it has no quote), or is too long even so. */
  end(): Uint8Array<ArrayBuffer> | undefined {
    if (this.isFull || !this.hasQuote) return undefined;
    this.bytes[this.length] = NEWLINE;
    return this.bytes.slice(0, this.length + 1);
  }

  /** Nothing of the piece is kept or ends the value: gigabytes of zeros, where a log was truncated under its writer. */
  private isBeyond(piece: Uint8Array): boolean {
    return this.room <= 0 && !this.isEscaped && ![QUOTE, BACKSLASH, SPACE].some((c) => piece.includes(c));
  }

  private keep(c: number): void {
    this.bytes[this.length++] = c;
    this.room--;
  }

  private endValue(c: number): void {
    if (this.length >= this.bytesMax) {
      this.isFull = true;
      this.room = 0;
      return;
    }
    if (c === QUOTE) {
      this.isQuoted = !this.isQuoted;
      this.hasQuote = true;
    }
    this.bytes[this.length++] = c;
    this.room = (this.bytesMax - this.length) >> SHARE_LOG2;
  }
}
