/** A changed configuration that could not be taken up: a trouble until one is. */
import { countOf } from '../english/number.ts';
import type { Troubles } from './troubles.ts';

export const REFUSED_KEY = 'reload';

/** `problems` is one a line. */
export function noteRefusedReload(troubles: Pick<Troubles, 'begin'>, problems: string): void {
  const [first = '', ...others] = problems.split('\n');
  const more = others.length === 0 ? '' : ` (and ${countOf(others.length, 'more problem')})`;
  const what = `the changed configuration is refused and the old one stays in force: ${first}${more}`;
  troubles.begin(REFUSED_KEY, what, 'zban check shows what to correct; then: systemctl reload zban');
}
