/** Bans as elements of zban's nftables sets: what to write, and what nft printed (libnftables-json(5)). Pure. */
import { isAnything, isEither, isList, isObject, isOptional, isText, parseJson, type Shape } from '../model/shape.ts';
import { EnforcementError, type KernelBan } from './backend.ts';
import { parseSetName, setName } from './nftables-table.ts';
import { canonicalTarget } from './target.ts';

/** The longest time that nft takes in seconds: eight digits, some three years. */
export const NFT_TIMEOUT_MAX_MS = 99_999_999_000;
/** Elements of one `nft -f`: at some 8 µs each far below any sensible time limit, and 30 MB of nft's memory. */
const BATCH_ELEMENTS_MAX = 20_000;

/** Bans or targets of one set, few enough for one batch. */
export interface Portion<T> {
  readonly name: string;
  readonly items: readonly T[];
}

/** Sorts by set and cuts to batches, each as soon as it is full. */
export function* portions<T>(items: Iterable<T>, targetOf: (item: T) => string): Generator<Portion<T>> {
  const open = new Map<string, T[]>();
  for (const item of items) {
    const name = setName(targetOf(item));
    const group = open.get(name) ?? [];
    open.set(name, group);
    if (group.push(item) < BATCH_ELEMENTS_MAX) continue;
    yield { name, items: group };
    open.delete(name);
  }
  for (const [name, group] of open) yield { name, items: group };
}

/** One command for many targets; a line each, because nft quotes the line that it refuses. */
export function elementsLine(command: string, table: string, name: string, elements: readonly string[]): string {
  return `${command} element inet ${table} ${name} {\n${elements.join(',\n')}\n}`;
}

/** Takes elements out whether they are there or not: `destroy` needs Linux 6.3. */
export function removalLines(table: string, name: string, targets: readonly string[]): string[] {
  const elements = targets.map(elementOf);
  return [elementsLine('add', table, name, elements), elementsLine('delete', table, name, elements)];
}

/** Puts bans in with their ends, whatever stood there: kernels before 6.12 keep the end of an element that is added again. */
export function additionLines(table: string, name: string, bans: readonly KernelBan[], nowMs: number): string[] {
  const elements = bans.map(({ target, untilMs }) => {
    if (untilMs === null) return elementOf(target);
    // Whole seconds, rounded up: the kernel never releases early.
    const leftMs = Math.min(untilMs - nowMs, NFT_TIMEOUT_MAX_MS);
    return `${elementOf(target)} timeout ${Math.max(1, Math.ceil(leftMs / 1000))}s`;
  });
  const targets = bans.map(({ target }) => target);
  return [...removalLines(table, name, targets), elementsLine('add', table, name, elements)];
}

/** A target without its length, as its set takes it. */
export function elementOf(target: string): string {
  const slash = target.indexOf('/');
  return slash < 0 ? target : target.slice(0, slash);
}

type Element = string | { readonly elem?: { readonly val?: unknown; readonly expires?: unknown } };

/** Bans of the set from `nft -j list set`, listed at `nowMs`. */
export function readElements(json: string, name: string, nowMs: number): KernelBan[] {
  const width = parseSetName(name);
  const length = width && !width.isFull ? `/${width.bits}` : '';
  return parseElements(json).map((element) => {
    // A permanent one is its bare address.
    const { val, expires } = typeof element === 'string' ? { val: element, expires: undefined } : (element.elem ?? {});
    if (typeof val !== 'string' || !(expires === undefined || Number.isSafeInteger(expires))) {
      throw badOutput(JSON.stringify(element));
    }
    const untilMs = expires === undefined ? null : nowMs + Number(expires) * 1000;
    return { target: canonicalTarget(`${val}${length}`), untilMs };
  });
}

const isElement: Shape<Element> = isEither(
  isText,
  isObject({ elem: isOptional(isObject({ val: isAnything, expires: isAnything })) }),
);
const isListing = isObject({
  nftables: isList(isObject({ set: isOptional(isObject({ elem: isOptional(isList(isElement)) })) })),
});

function parseElements(json: string): readonly Element[] {
  const found = parseJson(json, isListing)?.nftables.find(({ set }) => set !== undefined);
  if (!found) throw badOutput(json);
  return found.set?.elem ?? [];
}

function badOutput(text: string): EnforcementError {
  return new EnforcementError('bad_output', `nft printed what zban cannot read: ${JSON.stringify(text.slice(0, 100))}`);
}
