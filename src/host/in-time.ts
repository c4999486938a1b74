/** An end for what may take for ever. */

/** What is found, or `late` after so many milliseconds. */
export async function inTime<T>(finding: Promise<T>, timeoutMs: number, late: T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>();
  const timer = setTimeout(resolve, timeoutMs, late);
  try {
    return await Promise.race([finding, promise]);
  } finally {
    clearTimeout(timer);
  }
}
