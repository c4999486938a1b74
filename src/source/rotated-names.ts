/** Names that rotation gives to a log's older files, as logrotate(8), newsyslog and cronolog make them. */

import { withoutSuffix } from './compression.ts';

/** `.1`, `-20260101`, `.2026-01-01_0300`, `.old`, each also compressed. */
const SUFFIX = /^[.\-_](?:\d[\d.\-_:TZ]*|old)$/;
/** logrotate's `extension`: `access-20260101.log`, `access.1.log`. Only dates or `.1`: `site-2.log` is another site's log. */
const INFIX = /^(?:[.\-_]\d{4}-?\d{2}-?\d{2}[\d.\-_:TZ]*|\.\d{1,4})$/;
const DATE = /\d{4}-?\d{2}-?\d{2}/;

/** True when `name` is what rotation makes of a log called `base` (file names without their directory). */
export function isRotatedName(base: string, name: string): boolean {
  if (name === base) return false;
  const plain = withoutSuffix(name);
  if (plain.startsWith(base)) return SUFFIX.test(plain.slice(base.length));
  const dot = base.lastIndexOf('.');
  if (dot <= 0) return false;
  const [stem, extension] = [base.slice(0, dot), base.slice(dot)];
  if (!plain.startsWith(stem) || !plain.endsWith(extension) || plain.length <= base.length) return false;
  return INFIX.test(plain.slice(stem.length, plain.length - extension.length));
}

/** True when both names are of one series of dated files, as a symbolic link is switched along it. */
export function isSameSeries(name: string, other: string): boolean {
  const shape = (text: string) => withoutSuffix(text).replace(/\d+/g, '0');
  return DATE.test(name) && shape(name) === shape(other);
}
