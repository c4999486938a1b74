/** Text from outside, without anything that a terminal or a log would obey. */

/** Control characters, invisible and direction-changing ones, line separators, lone surrogates. */
const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const OBEYED_RUNS = new RegExp(`${OBEYED.source}+`, 'gu');

/** Nearly all text is this, and it has none of those: to look for them by their properties takes ten times as long. */
const PLAIN = /^[ -~]*$/;

/** Each such character shown as U+FFFD: what was there is still seen. */
export const printable = (text: string): string => text.replace(OBEYED, '\u{fffd}');

/** One line: a space for each run of such characters. */
export const joinLines = (text: string): string => (PLAIN.test(text) ? text : text.replace(OBEYED_RUNS, ' '));
