/** Follows the daemon's event stream and connects again by itself; while no stream is to be had, asks for each snapshot. */

/** A connection that is open and silent for this long is dead and made anew. */
const DEAD_MS = 12_000;
const RETRY_MS = 2000;

/** Calls `hear` with every snapshot, as JSON. */
export function follow(hear) {
  let source;
  let heardAtMs = performance.now();
  let attemptAtMs = heardAtMs;
  const take = (json) => {
    heardAtMs = performance.now();
    hear(json);
  };
  const connect = () => {
    attemptAtMs = performance.now();
    source?.close();
    source = new EventSource('/events');
    source.addEventListener('snapshot', ({ data }) => take(data));
  };
  const ask = async () => {
    const response = await fetch('/api/snapshot');
    if (response.ok) take(await response.text());
  };
  setInterval(() => {
    const nowMs = performance.now();
    const dead = nowMs - Math.max(heardAtMs, attemptAtMs) > DEAD_MS;
    const refused = source.readyState === EventSource.CLOSED && nowMs - attemptAtMs > RETRY_MS;
    if (refused) ask().catch(() => {});
    if (dead || refused) connect();
  }, 500);
  connect();
}
