/** The stand-in for the package string-width in what is built (src/cli/string-width.ts). */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { test } from 'node:test';
import stringWidth from 'string-width';
import { COMMAND_LINE, MAIN } from '../support/built.ts';

/** Names of the built files that a command loads. */
function loadedBy(...words: readonly string[]): string[] {
  const script = `
    const urls = [];
    require('node:module').registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
    const nobody = { write: () => true };
    import(${JSON.stringify(COMMAND_LINE)})
      .then(({ runCommandLine }) => runCommandLine(${JSON.stringify(words)}, 'test', { stdout: nobody, stderr: nobody, env: {} }))
      .then(() => console.log(urls.join('\\n')));`;
  const urls = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }).split('\n');
  return urls.filter((url) => url.startsWith(`file://${dirname(MAIN)}/`)).map((url) => url.replace(/.*\//, ''));
}

// The help of audit says "7d, …".
test('a command loads what knows emoji only once it measures more than ASCII', () => {
  const [plain, wide] = [loadedBy('list', '--config', '/nonexistent.yaml'), loadedBy('audit', '--help')];
  assert.ok(plain.some((name) => name.startsWith('parser-')));
  assert.ok(!plain.includes('wide-text.js') && wide.includes('wide-text.js'), `${plain}\n${wide}`);
});

test('widths are those of the package', async () => {
  const { default: measure } = (await import(`file://${dirname(MAIN)}/wide-text.js`)) as {
    default: typeof stringWidth;
  };
  for (const text of ['', 'plain', '日本', '👩‍👩‍👧', 'e\u0301', '1\u20E3', '\u001b[2J'])
    assert.equal(measure(text), stringWidth(text), text);
});
