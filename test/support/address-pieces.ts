/** Of what texts are put together that nearly are addresses. */
import fc from './fast-check.ts';

const PIECES = [':', '::', '.', '0', '1', '255', '256', 'ffff', 'FFFF', '12345', 'db8', '01', '192.0.2.1'];

export function nearlyAddress(...more: readonly string[]): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...PIECES, ...more), { maxLength: 17 }).map((pieces) => pieces.join(''));
}
