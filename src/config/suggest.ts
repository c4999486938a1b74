/** Keys that the configuration has, for guessing what a misspelt one was meant to be. */
import * as z from 'zod';
import type { KeyPath } from './problem.ts';
import { configSchema } from './schema.ts';

/** What JSON Schema says of one place (https://json-schema.org/draft/2020-12). */
interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Shape[];
  readonly propertyNames?: { readonly enum?: readonly string[] };
}

let shape: Shape | undefined;

/** The schema as data. Made once and only when needed: most configurations are right. */
function configShape(): Shape {
  shape ??= z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) as Shape;
  return shape;
}

/** Keys that may stand at `path`. */
export function knownKeys(path: KeyPath): readonly string[] {
  let place: Shape | undefined = configShape();
  for (const step of path) place = typeof step === 'number' ? place?.items : place?.properties?.[step];
  return [...Object.keys(place?.properties ?? {}), ...(place?.propertyNames?.enum ?? [])];
}

export interface Key {
  readonly name: string;
  /** The full one, such as `bans.allowlist`. */
  readonly path: string;
  /** Words that it can be, where these are given. */
  readonly choices: readonly string[];
}

/** Every key of the configuration. */
export function listKeys(): readonly Key[] {
  const found: Key[] = [];
  const walk = (place: Shape, prefix: string) => {
    for (const [name, inner] of Object.entries(place.properties ?? {})) {
      const choices = [inner, ...(inner.anyOf ?? [])].flatMap((place) => place.enum ?? []);
      found.push({ name, path: prefix + name, choices });
      walk(inner, `${prefix}${name}.`);
    }
    if (place.items) walk(place.items, `${prefix.slice(0, -1)}[].`);
  };
  walk(configShape(), '');
  return found;
}
