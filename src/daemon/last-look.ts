/** When the engine, or the files, were last looked at. */

/** Seconds between two looks while nothing is new: to ask the engine each second took a third of an idle daemon's time. */
const IDLE_SECONDS = 10;

export class LastLook {
  /** The newest there was at the last look; undefined where the next must not be put off. */
  private newest: number | undefined;
  private secondsAgo = 0;

  note(newest: number | undefined): void {
    this.newest = newest;
    this.secondsAgo = 0;
  }

  /** To be asked each second: nothing is newer than at the last look, which was not long ago. */
  isEnough(newest: number): boolean {
    return this.newest === newest && ++this.secondsAgo < IDLE_SECONDS;
  }
}
