/** How the owner of some records asks for a method of what writes them, in this thread or in another: the answer comes by callback. */

/** The methods of `T` that take one argument, with what they take. */
export type Arguments<T> = {
  [K in keyof T as T[K] extends (argument: never) => unknown ? K : never]: T[K] extends (argument: infer A) => unknown
    ? A
    : never;
};
type Result<T, K extends keyof T> = T[K] extends (argument: never) => infer R ? Awaited<R> : never;

export type Outcome<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: unknown };

/** Calls are carried out in their order. */
export type Call<T> = <K extends keyof Arguments<T> & keyof T>(
  method: K,
  argument: Arguments<T>[K],
  done: (outcome: Outcome<Result<T, K>>) => void,
) => void;

/** The same with a promise. */
export type Ask<T> = <K extends keyof Arguments<T> & keyof T>(
  method: K,
  argument: Arguments<T>[K],
) => Promise<Result<T, K>>;
