/** A daemon all of whose texts are markup and scripts from a log. */
import { activeBan, auditEntry, fleetHost, fleetStatus } from './examples.ts';
import type { Scene } from './scenes.ts';

export const HOSTILE = [
  '<img src=x onerror="window.owned=1">',
  '"><script>window.owned=1</script>',
  "javascript:window.owned=1//'-alert(1)-'",
  '</textarea><svg/onload=window.owned=1>',
];

const [first = '', second = '', third = '', fourth = ''] = HOSTILE;

export const HOSTILE_SCENE: Scene = {
  bans: [activeBan({ client: first, condition: second, reason: third, numbers: null })],
  recent: [auditEntry({ id: 2, client: fourth, detail: first, condition: second })],
  status: {
    name: first,
    backend: second,
    troubles: [first, second],
    top_clients: [{ name: third, requests: 1, share: 7 }],
    logs: [{ path: fourth, state: first, behind_bytes: 1 }],
    skipped: { [first]: 1 },
    fleet: fleetStatus({ name: first }),
  },
  fleetHosts: [fleetHost({ host: first, version: second, mode: third })],
  explanation: {
    client: first,
    title: second,
    facts: [{ label: third, text: fourth, lines: [first, `zban unban ${second}`] }],
    timeline: [],
    isBanned: true,
    isAllowed: false,
  },
};
