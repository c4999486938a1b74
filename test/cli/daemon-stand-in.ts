/** What the command line finds at the socket. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type {
  AllowRequest,
  BanRequest,
  ControlHandlers,
  TargetResult,
  UnbanRequest,
} from '../../src/control/protocol.ts';
import { serveControl } from '../support/control.ts';
import { status as statusOf } from '../support/status.ts';
import { place } from './run-zban.ts';

export const status = statusOf({
  fuse_tripped: true,
  fuse_until: '2026-11-20T10:21:12.000Z',
  lines_total: 1234,
  skipped: { not_json: 2, too_long: 0 },
  uptime_seconds: 3723,
  baseline: null,
  top_clients: [{ name: '192.0.2.1\u001b[2J', requests: 99, share: 0.5 }],
  logs: [{ path: '/var/log/nginx/access.log', state: 'following', behind_bytes: 2048 }],
  outbox: 1,
  troubles: ['the firewall refused'],
});

/** A daemon that answers as it is told and keeps what it was asked. */
export async function daemon(
  t: TestContext,
  answer: (target: string) => TargetResult['code'] = () => 'done',
  more: Partial<TargetResult> = {},
) {
  const paths = place(t);
  const asked: unknown[] = [];
  const perform = async (request: BanRequest | UnbanRequest | AllowRequest) => {
    asked.push(request);
    const targets = 'bans' in request ? request.bans.map(({ target }) => target) : request.targets;
    return targets.map((target) => {
      const code = answer(target);
      return {
        target,
        ok: code === 'done' || code === 'unchanged',
        code,
        message: code === 'done' ? 'banned' : `${code} \u001b[31m`,
        ...more,
      };
    });
  };
  const handlers: ControlHandlers = {
    status: async () => status,
    top: async () => ({ second: 0, site_rates: [], clients: [], status }),
    ban: perform,
    unban: perform,
    allow: perform,
    panic: async (request) => {
      asked.push(request);
      return { ok: true, message: '2 bans lifted', lifted: 2 };
    },
    resetFuse: async (request) => {
      asked.push(request);
      return { ok: true, message: 'the fuse is reset: zban bans again' };
    },
    lanes: async () => [],
    addLane: () => assert.fail('not in this test'),
    changeLane: () => assert.fail('not in this test'),
    fleetStatus: async () => null,
    fleetLeave: async () => ({ ok: true, message: 'left' }),
    annotate: async ({ text }) => ({ ok: true, message: `noted: ${text}` }),
    notifyTest: async () => ({ ok: false, message: 'slack: Slack answered 404', channels: [] }),
    reload: async () => ({ ok: true, message: '' }),
  };
  const findPeer = async () => ({ uid: 0, name: 'root' });
  await serveControl(t, paths.socket, handlers, { findPeer });
  return { ...paths, asked };
}
