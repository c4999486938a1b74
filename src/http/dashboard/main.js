/** Shows what the daemon reports, and says so when the daemon is gone. */
import { refreshBans } from './bans.js';
import { byId, set } from './dom.js';
import { refreshFleet } from './fleet.js';
import { follow } from './follow.js';
import { clock, nowMs } from './format.js';
import { refreshPicture } from './picture.js';
import { showSnapshot } from './view.js';

/** The server sends every second; this long without a word means that it is gone. */
const STALE_MS = 4000;
const WORKER = '/shared.js';
/** The page waits so long for all its parts, so that none moves another one down. */
const WAIT_MS = 2000;

let version;
let heardAtMs = performance.now();
let heardAt;
let isWaiting = true;

function hear(json) {
  const snapshot = JSON.parse(json);
  version ??= snapshot.status.version;
  if (snapshot.status.version !== version) return location.reload();
  heardAtMs = performance.now();
  showSnapshot(snapshot);
  heardAt = nowMs();
  const parts = [refreshPicture(snapshot), refreshBans(snapshot)];
  refreshFleet(snapshot);
  showLiveness();
  if (isWaiting) reveal(parts);
}

function reveal(parts) {
  isWaiting = false;
  const timer = new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  Promise.race([Promise.allSettled(parts), timer]).then(() => document.body.classList.remove('waiting'));
}

/** With the stream that all pages of this browser share, or with one of its own where there are no shared workers. */
function listen() {
  if (!('SharedWorker' in window)) return follow(hear);
  // The one address that the page's policy lets a script come from by name.
  const policy = window.trustedTypes?.createPolicy('zban', { createScriptURL: () => WORKER });
  const worker = new SharedWorker(policy ? policy.createScriptURL(WORKER) : WORKER, { type: 'module' });
  worker.addEventListener('error', () => follow(hear), { once: true });
  worker.port.onmessage = ({ data }) => hear(data);
  window.addEventListener('pagehide', () => worker.port.postMessage('gone'));
  window.addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
}

function showLiveness() {
  const silentMs = performance.now() - heardAtMs;
  const gone = silentMs > STALE_MS;
  document.body.classList.toggle('gone', gone);
  const banner = byId('stale');
  if (gone && banner.hidden) {
    set(
      'stale-text',
      heardAt
        ? `No answer since ${clock(heardAt)}: zban was stopped, or the connection is cut. Everything below is from then.`
        : 'zban does not run, or the connection is cut.',
    );
    document.title = '✖ zban does not answer';
  }
  banner.hidden = !gone;
  set('live', gone ? `silent for ${Math.round(silentMs / 1000)} s` : heardAt ? `live ${clock(heardAt)}` : 'connecting');
}

setInterval(showLiveness, 500);
listen();
