/**
 * Checks what was read from elsewhere by its shape: for the few values that a daemon reads, a library of schemas takes too much memory.
 * JSON becomes a typed value in `parseJson` and nowhere else; test/architecture.test.ts lists the exceptions.
 */

/** Whether a value has a shape. */
export type Shape<T> = (value: unknown) => value is T;

type Members = Readonly<Record<string, Shape<unknown>>>;
/** What a shape is the shape of. */
export type Value<S> = S extends Shape<infer T> ? T : never;
/** Members that may be absent are optional. */
type ObjectOf<M extends Members> = {
  readonly [K in keyof M as undefined extends Value<M[K]> ? never : K]: Value<M[K]>;
} & { readonly [K in keyof M as undefined extends Value<M[K]> ? K : never]?: Exclude<Value<M[K]>, undefined> };

/** Text as a value of a shape; undefined for what is no JSON or of another shape. */
export function parseJson<T>(
  text: string,
  hasShape: Shape<T>,
  revive?: Parameters<typeof JSON.parse>[1],
): T | undefined {
  try {
    const value: unknown = JSON.parse(text, revive);
    return hasShape(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The same for what another part of zban wrote a moment ago: anything else is a bug, and throws TypeError. */
export function parseOwn<T>(text: string, hasShape: Shape<T>): T {
  const value = parseJson(text, hasShape);
  if (value === undefined) throw new TypeError(`not what zban hands on: ${text.slice(0, 100)}`);
  return value;
}

/** Whatever JSON holds; its user looks further. */
export const isAnything = (_: unknown): _ is unknown => true;
export const isNull = (value: unknown): value is null => value === null;
export const isText = (value: unknown): value is string => typeof value === 'string';
export const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
/** A finite one. */
export const isNumber = (value: unknown): value is number => Number.isFinite(value);

/** One of these words, or just true or false. */
export function isOneOf<const W extends string | boolean>(...words: readonly W[]): Shape<W> {
  return (value): value is W => words.some((word) => word === value);
}

/** Of one of these shapes. */
export function isEither<const S extends readonly Shape<unknown>[]>(...shapes: S): Shape<Value<S[number]>> {
  return (value): value is Value<S[number]> => shapes.some((shape) => shape(value));
}

/** An array of values of that shape. */
export function isList<T>(shape: Shape<T>): Shape<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(shape);
}

/** An array of just these. */
export function isTuple<const S extends readonly Shape<unknown>[]>(
  ...shapes: S
): Shape<{ readonly [I in keyof S]: Value<S[I]> }> {
  return (value): value is { readonly [I in keyof S]: Value<S[I]> } =>
    Array.isArray(value) && value.length === shapes.length && shapes.every((shape, at) => shape(value[at]));
}

/** Absent, or of that shape. */
export function isOptional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value): value is T | undefined => value === undefined || shape(value);
}

export const orNull = <T>(shape: Shape<T>) => isEither(shape, isNull);

/** An object, no array. */
export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Members of one shape, for `isObject`. */
export const each = <T, const N extends string>(shape: Shape<T>, ...names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, shape])) as Readonly<Record<N, Shape<T>>>;

/** An object with these members; others may stand beside them. */
export function isObject<const M extends Members>(members: M): Shape<ObjectOf<M>> {
  const checks = Object.entries(members).map(([name, shape]) => ({ name, shape }));
  return (value): value is ObjectOf<M> => isRecord(value) && checks.every((check) => check.shape(value[check.name]));
}

/** Reads an object without those of these members that have another shape; other members stay as they are. */
export function keepFitting<const M extends Members>(
  members: M,
): (value: object) => { readonly [Name in keyof M]?: Value<M[Name]> } {
  return (value) => {
    const unfit = ([name, part]: readonly [string, unknown]) => Object.hasOwn(members, name) && !members[name]?.(part);
    const parts = Object.entries(value);
    return parts.some(unfit) ? Object.fromEntries(parts.filter((part) => !unfit(part))) : value;
  };
}
