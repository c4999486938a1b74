/** The hosts of the fleet, where there is one: who is there, who lags, and whether the server answers. */
import { byId, element, fetchJson, set, setText, syncList } from './dom.js';
import * as format from './format.js';

/** Each look is a question to the fleet's server. */
const REFRESH_MS = 5000;
/** Hosts read what others decided within a second. */
const LAG_SECONDS = 2;

const STATES = {
  connecting: 'connecting to its server',
  connected: 'connected',
  away: 'its server is away, this host judges alone',
  left: 'this host has left it',
};

let askedAtMs = Number.NEGATIVE_INFINITY;

export function refreshFleet({ status }) {
  const { fleet } = status;
  byId('fleet-panel').hidden = !fleet;
  if (!fleet) return;
  const waiting = fleet.waiting > 0 ? `, ${format.countOf(fleet.waiting, 'decision')} to send` : '';
  set('fleet-state', `${fleet.name}: ${STATES[fleet.state] ?? fleet.state} since ${clockOf(fleet)}${waiting}`);
  if (performance.now() - askedAtMs < REFRESH_MS) return;
  askedAtMs = performance.now();
  fetchJson('/api/fleet')
    .then((report) => syncList(byId('fleet-hosts'), report?.hosts ?? [], ({ host }) => host, makeHost))
    .catch(() => {});
}

const clockOf = ({ since }) => format.clock(Date.parse(since));

function makeHost() {
  const [name, about, state] = [element('span', 'mono'), element('span', 'note'), element('span', 'pill')];
  const node = element('li', '', name, about, state);
  node.fill = (host) => {
    setText(name, host.host);
    const pending = host.pending > 0 ? ` (${format.count(host.pending)} pending)` : '';
    const watched = host.watched > 0 ? `, ${format.count(host.watched)} on watch` : '';
    setText(about, `${host.mode}, ${format.countOf(host.bans, 'ban')}${pending}${watched}, ${host.version}`);
    const lags = host.lag_seconds > LAG_SECONDS;
    const live = lags ? `${format.span(host.lag_seconds)} behind` : 'live';
    setText(state, host.live ? live : `silent for ${format.span(host.silent_seconds)}`);
    state.className = `pill ${host.live ? (lags ? 'warn' : 'good') : 'bad'}`;
  };
  return node;
}
