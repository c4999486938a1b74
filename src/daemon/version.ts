import { readFileSync } from 'node:fs';

/** zban's version, from package.json two folders up, in the sources as in the compiled tree. */
export const VERSION: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
