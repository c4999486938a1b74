/**
 * What the build puts in the place of the package string-width (scripts/setup.sh): the package makes expressions that know every
 * emoji as it is loaded, and few commands print more than ASCII.
 */
import { createRequire } from 'node:module';
import type measure from './wide-text.ts';

let wide: { readonly default: typeof measure } | undefined;

/** As the package's. */
export default function stringWidth(text: string, options?: Parameters<typeof measure>[1]): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  wide ??= createRequire(import.meta.url)('./wide-text.js') as { readonly default: typeof measure };
  return wide.default(text, options);
}
