/** Local time in other places. */
import type { TestContext } from 'node:test';

/** Sets the time zone of this process as often as a test likes; with the test it is again what it was. */
export function timeZone(t: TestContext): (zone: string) => void {
  const { TZ } = process.env;
  t.after(() => {
    if (TZ === undefined) delete process.env['TZ'];
    else process.env['TZ'] = TZ;
  });
  return (zone) => {
    process.env['TZ'] = zone;
  };
}
