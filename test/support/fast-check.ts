/**
 * fast-check with the same draws in every run: a suite that a change must pass says something of the change, not of the day.
 * ZBAN_TEST_SEED draws others, which is how rare cases are looked for: `ZBAN_TEST_SEED=$RANDOM scripts/test FILE`.
 */
import fc from 'fast-check';

/** Also of what tests draw by themselves. */
export const SEED = Number(process.env['ZBAN_TEST_SEED'] ?? 1);

fc.configureGlobal({ seed: SEED });

export { default } from 'fast-check';
