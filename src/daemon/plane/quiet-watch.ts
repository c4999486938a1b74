/** Notices that hardly anything is read any more after much was: nobody waits when memory is tidied up then. */

/** So many looks in a row, each with at most so many bytes since the one before. */
const QUIET_LOOKS = 30;
const QUIET_BYTES = 16_384;
/** What so little leaves behind is not worth the time. */
const WORK_BYTES = 2 ** 24;

export class QuietWatch {
  private looks = 0;
  private seenBytes = 0;
  /** Since it was quiet last; a start is work. */
  private workBytes = WORK_BYTES;

  /** To be called every second with the bytes read so far. True once after each spell of work. */
  look(bytes: number): boolean {
    const fresh = bytes - this.seenBytes;
    this.seenBytes = bytes;
    this.workBytes += fresh;
    this.looks = fresh > QUIET_BYTES ? 0 : this.looks + 1;
    if (this.looks < QUIET_LOOKS || this.workBytes < WORK_BYTES) return false;
    this.workBytes = 0;
    return true;
  }
}
