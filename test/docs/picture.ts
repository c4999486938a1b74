/** `npm run session`: draws the session in the README again, as zban answers today. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { draw, PALETTES, record } from './session.ts';

const scenes = await record();
for (const [theme, palette] of Object.entries(PALETTES)) {
  const file = join(import.meta.dirname, `../../docs/images/session-${theme}.svg`);
  writeFileSync(file, draw(scenes, palette));
  console.log(file);
}
