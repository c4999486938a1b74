/** Follows the daemon's event stream, connects again by itself, and says so when the daemon is gone. */
import { showSnapshot } from './view.js';

/** The server sends every second; this long without a word means that it is gone. */
const STALE_MS = 4000;
/** A connection that is open and silent for this long is dead and made anew. */
const DEAD_MS = 12_000;
const RECONNECT_MS = 2000;

let source;
let version;
let heardAtMs = performance.now();
let heardAt;

function connect() {
  source?.close();
  source = new EventSource('/events');
  source.addEventListener('snapshot', (event) => {
    const snapshot = JSON.parse(event.data);
    version ??= snapshot.status.version;
    if (snapshot.status.version !== version) return location.reload();
    heardAtMs = performance.now();
    heardAt = new Date();
    document.body.classList.remove('waiting');
    showSnapshot(snapshot);
    showLiveness();
  });
}

function showLiveness() {
  const silentMs = performance.now() - heardAtMs;
  const gone = silentMs > STALE_MS;
  document.body.classList.toggle('gone', gone);
  const banner = document.getElementById('stale');
  banner.hidden = !gone;
  if (gone) {
    banner.textContent = heardAt
      ? `No answer from zban since ${heardAt.toLocaleTimeString('en-GB')}: it was stopped, or the connection is cut. What you see is from then. Trying again …`
      : 'No answer from zban: it does not run, the connection is cut, or too many pages are open. Trying again …';
    document.title = `✖ zban is gone`;
  }
  document.getElementById('live').textContent = gone
    ? `silent for ${Math.round(silentMs / 1000)} s`
    : heardAt
      ? `live, ${heardAt.toLocaleTimeString('en-GB')}`
      : 'connecting';
}

let attemptAtMs = performance.now();
setInterval(() => {
  showLiveness();
  const nowMs = performance.now();
  const closed = source.readyState === EventSource.CLOSED;
  const dead = nowMs - heardAtMs > DEAD_MS && nowMs - attemptAtMs > DEAD_MS;
  if (dead || (closed && nowMs - attemptAtMs > RECONNECT_MS)) {
    attemptAtMs = nowMs;
    connect();
  }
}, 500);
connect();
