/**
 * Bans by a command of the operator's own. It is run without a shell and gets its work on standard input, a line each:
 * `ban TARGET SECONDS` (`ban TARGET permanent`) and `unban TARGET`. Both must be harmless when repeated.
 */
import { isInForce } from '../model/reconcile.ts';
import type { EnforcementBackend, KernelBan } from './backend.ts';
import { EnforcementError } from './backend.ts';
import type { BackendKind, OpenFirewall } from './backend-kind.ts';
import { BanTable } from './ban-table.ts';
import { sortOperations, throwRefusals } from './target.ts';

function open({ settings, run, now }: OpenFirewall): EnforcementBackend {
  // `list` prints what stands, `TARGET EPOCH_SECONDS` or `TARGET permanent` a line. Without it zban trusts that what it gave
  // stands until its end, and gives everything again after a start.
  const { apply, list } = settings.exec;
  if (!apply) throw new EnforcementError('missing_tool', 'firewall.exec.apply names no program');
  const given = new BanTable();
  const readList = async (command: readonly [string, ...string[]], onBan: (ban: KernelBan) => void): Promise<void> => {
    await run({ argv: command, onLine: (line) => parseLine(command[0], line).forEach(onBan) });
  };
  const forgetEnded = () => {
    for (const [target, untilMs] of given.ends) if (!isInForce(untilMs, now())) given.ends.delete(target);
  };
  return {
    name: 'exec',
    longestMs: Number.POSITIVE_INFINITY,
    async setUp() {
      return [];
    },
    async list(onBan) {
      if (list) return readList(list, onBan);
      forgetEnded();
      given.list().forEach(onBan);
    },
    async confirm(operations, nowMs) {
      if (!list) return given.shows(operations, nowMs);
      const bans: KernelBan[] = [];
      await readList(list, (ban) => bans.push(ban));
      return new BanTable(bans).shows(operations, nowMs);
    },
    async apply(operations, nowMs) {
      const { removals, additions, refusals } = sortOperations(operations, nowMs);
      const lines = [
        ...removals.map((target) => `unban ${target}\n`),
        ...additions.map(({ target, untilMs }) => {
          const lasts = untilMs === null ? 'permanent' : Math.max(1, Math.ceil((untilMs - nowMs) / 1000));
          return `ban ${target} ${lasts}\n`;
        }),
      ];
      if (lines.length > 0) await run({ argv: apply, stdin: lines.join('') });
      given.apply(operations, nowMs);
      throwRefusals(refusals);
    },
  };
}

export const exec: BackendKind = {
  open,
  leavings: [],
  seesThroughProxies: true,
  fix: ({ exec: { apply, list } }) => `try it by hand: ${(list ?? apply ?? []).join(' ')}`,
};

function parseLine(tool: string, line: string): KernelBan[] {
  if (line.trim() === '') return [];
  const [, target = '', end = ''] = /^([\da-f.:/]+) (permanent|\d+)$/.exec(line.trim()) ?? [];
  if (target === '') {
    const shown = JSON.stringify(line.slice(0, 60));
    throw new EnforcementError('bad_output', `${tool} printed ${shown} where TARGET EPOCH_SECONDS is expected`);
  }
  return [{ target, untilMs: end === 'permanent' ? null : Number(end) * 1000 }];
}
