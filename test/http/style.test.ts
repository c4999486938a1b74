/** Anyone who sees less reads the page too: WCAG 2.2, 1.4.3 (AA). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { STYLE } from '../../src/http/dashboard/style.ts';

type Colour = readonly number[];

const themes = ['light', 'dark'] as const;
const tokens = new Map(
  [...STYLE.matchAll(/--([a-z]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)].map(
    ([, name, light = '', dark = '']) => [name, { light: parse(light), dark: parse(dark) }],
  ),
);

function parse(text: string): Colour {
  return [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16) / 255);
}

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(a: Colour, b: Colour): number {
  const luminance = (colour: Colour) => {
    const [red = 0, green = 0, blue = 0] = colour.map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

const mix = (a: Colour, b: Colour, share: number): Colour =>
  a.map((part, index) => part * share + (b[index] ?? 0) * (1 - share));

test('every text has a contrast of 4.5 in both themes, on cards, on the page, and on its own tint', () => {
  for (const theme of themes) {
    const colour = (name: string) => tokens.get(name)?.[theme] ?? assert.fail(`no ${name}`);
    for (const name of ['text', 'dim', 'accent', 'good', 'warn', 'bad']) {
      for (const ground of ['card', 'back'])
        assert.ok(contrast(colour(name), colour(ground)) >= 4.5, `${theme}: ${name} on ${ground}`);
      if (name === 'text') continue;
      const onTint = contrast(colour(name), mix(colour(name), colour('card'), 0.12));
      assert.ok(onTint >= 4.5, `${theme}: ${name} as a pill: ${onTint.toFixed(2)}`);
      const inVerdict = contrast(colour('dim'), mix(colour(name), colour('card'), 0.09));
      assert.ok(inVerdict >= 4.5, `${theme}: the text of a verdict, ${name}: ${inVerdict.toFixed(2)}`);
    }
    for (const name of ['accent', 'good', 'warn', 'bad'])
      assert.ok(contrast(colour('card'), colour(name)) >= 4.5, `${theme}: a sign in ${name}`);
    assert.ok(contrast(colour('text'), colour('soft')) >= 4.5, `${theme}: text on soft`);
    assert.ok(contrast(colour('dim'), colour('soft')) >= 4.5, `${theme}: dim on soft`);
  }
});
