/** The package string-width itself, loaded by string-width.ts. */
export { default } from '../../node_modules/string-width/index.js';
