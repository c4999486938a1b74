/** Work on zban's sets through the ipset tool. */
import { isInForce } from '../model/reconcile.ts';
import { EnforcementError, type KernelBan, unlessRefused } from './backend.ts';
import type { CommandRunner } from './command.ts';
import { FAMILIES } from './filter.ts';
import { addLine, createEntryReader, createLine, readMembers, type SetSpec, setSpecs } from './ipset-text.ts';
import { type Family, targetFamily } from './target.ts';

/** Lines of one `ipset restore`: at some 10 µs a line far below any sensible time limit, and what is left of a ban is still right. */
const BATCH_LINES_MAX = 20_000;

/** Targets that one process tests: what it says of them, some 60 bytes each, is far below what is read of it. */
const TESTS_MAX = 10_000;

/** Listed bans that take as long as one test, what reads either included: a test is a call of the kernel for itself. */
const LISTED_PER_TEST = 6;

/** For `catch`: a set that does not exist is an answer. */
export function unlessAbsent(error: unknown): undefined {
  if (error instanceof EnforcementError && /does not exist/.test(error.message)) return undefined;
  throw error;
}

/** Runs the lines in order, made as they are needed. Each batch stops at its first refusal; what came before stays done. */
export async function restoreSets(run: CommandRunner, lines: Iterable<string>): Promise<void> {
  const restore = (batch: readonly string[]) =>
    run({ argv: ['ipset', '-exist', 'restore'], stdin: `${batch.join('\n')}\n` });
  let batch: string[] = [];
  for (const line of lines) {
    if (batch.push(line) < BATCH_LINES_MAX) continue;
    await restore(batch);
    batch = [];
  }
  if (batch.length > 0) await restore(batch);
}

/** Entries of a set; none when it does not exist. */
export async function listSet(
  run: CommandRunner,
  name: string,
  now: () => number,
  onBan: (ban: KernelBan) => void,
): Promise<void> {
  await run({ argv: ['ipset', 'save', name], onLine: createEntryReader(name, now, onBan) }).catch(unlessAbsent);
}

/** Which targets stand in their sets, of which all together hold about `heldCount` bans: by whatever asks less of the kernel. */
export async function findMembers(
  run: CommandRunner,
  specs: Readonly<Record<Family, SetSpec>>,
  targets: readonly string[],
  heldCount: number,
  now: () => number,
): Promise<Set<string>> {
  const members = new Set<string>();
  if (targets.length * LISTED_PER_TEST > heldCount) {
    const asked = new Set(targets);
    const onBan = ({ target, untilMs }: KernelBan) => {
      if (asked.has(target) && isInForce(untilMs, now())) members.add(target);
    };
    const families = new Set(targets.map(targetFamily));
    await Promise.all([...families].map((family) => listSet(run, specs[family].name, now, onBan)));
    return members;
  }
  // Few processes for all, by ipset's interactive mode, which goes on after a miss.
  for (let at = 0; at < targets.length; at += TESTS_MAX) {
    const some = targets.slice(at, at + TESTS_MAX);
    const lines = some.map((target) => `test ${specs[targetFamily(target)].name} ${target}\n`);
    const { stderr } = await run({ argv: ['ipset', '-'], stdin: lines.join('') });
    for (const member of readMembers(stderr)) members.add(member);
  }
  return members;
}

/**
 * Puts a fitting set, with what could be read of the old one, in its place without a moment in between. Where the
 * kernel refuses (other type), `letGo` must free the old set from its rule first.
 */
export async function replaceSet(
  run: CommandRunner,
  spec: SetSpec,
  now: () => number,
  letGo: () => Promise<void>,
): Promise<void> {
  const spare = `${spec.name}-new`;
  const fill: string[] = [];
  const keep = (ban: KernelBan) => {
    if (targetFamily(ban.target) === spec.family) fill.push(addLine(spare, ban, now()));
  };
  await listSet(run, spec.name, now, keep).catch(() => {});
  await destroySet(run, spare);
  await restoreSets(run, [createLine(spec, spare), ...fill]);
  try {
    await restoreSets(run, [`swap ${spare} ${spec.name}`]);
    await destroySet(run, spare);
  } catch {
    await letGo();
    await restoreSets(run, [`destroy ${spec.name}`, `rename ${spare} ${spec.name}`]);
  }
}

/** Takes zban's sets out; rules must have let go of them. */
export async function destroySets(run: CommandRunner, chain: string): Promise<void> {
  const specs = setSpecs(chain, 0);
  const own = FAMILIES.flatMap((family) => [`${specs[family].name}-new`, specs[family].name]);
  const standing: string[] = [];
  const onLine = (name: string) => void (own.includes(name) && standing.push(name));
  await run({ argv: ['ipset', 'list', '-name'], onLine }).catch(unlessRefused);
  for (const name of standing) await destroySet(run, name);
}

async function destroySet(run: CommandRunner, name: string): Promise<void> {
  await run({ argv: ['ipset', 'destroy', name] }).catch(unlessAbsent);
}
