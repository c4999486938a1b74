/** Tells what was read from elsewhere by its shape: for the few values that a daemon reads, a library of schemas takes too much memory. */

/** Whether a value has a shape. */
export type Shape<T> = (value: unknown) => value is T;

type Members = Readonly<Record<string, Shape<unknown>>>;
type Value<S> = S extends Shape<infer T> ? T : never;

export const isText = (value: unknown): value is string => typeof value === 'string';
export const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
/** A finite one. */
export const isNumber = (value: unknown): value is number => Number.isFinite(value);

/** One of these words. */
export function isOneOf<const W extends string>(...words: readonly W[]): Shape<W> {
  return (value): value is W => words.some((word) => word === value);
}

/** Absent, or of that shape. */
export function isOptional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value): value is T | undefined => value === undefined || shape(value);
}

/** An object, no list, with these members; others may stand beside them. */
export function isObject<const M extends Members>(members: M): Shape<{ readonly [K in keyof M]: Value<M[K]> }> {
  return (value): value is { readonly [K in keyof M]: Value<M[K]> } =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(members).every(([name, shape]) => shape((value as Record<string, unknown>)[name]));
}
