/** Drawing in place: what is written, and that the terminal is left as it was. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { type Live, type Screen, showLive } from '../../src/cli/screen.ts';

const LEFT = '\u001b[?25h\u001b[?1049l';

class FakeTerminal {
  written: string[] = [];
  raw: boolean[] = [];
  readonly input = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: (on: boolean) => void this.raw.push(on),
    pause: () => {},
    resume: () => {},
  });
  readonly output = Object.assign(new EventEmitter(), {
    rows: 3,
    columns: 40,
    write: (text: string) => this.written.push(text) > 0,
  });

  show(live: Partial<Live> & Pick<Live, 'frame'>): Promise<void> {
    const screen = { stdin: this.input, stdout: this.output } as unknown as Screen;
    return showLive(screen, { intervalMs: 60_000, ...live });
  }

  press(keys: string): void {
    this.input.emit('data', Buffer.from(keys));
  }

  take(): string {
    return this.written.splice(0).join('');
  }
}

test('only lines that changed are written; another size means all of them', async () => {
  const terminal = new FakeTerminal();
  let lines = ['one', 'two', 'three', 'does not fit'];
  const shown = terminal.show({ frame: () => lines, onKey: (key) => key === 'x' });
  assert.match(terminal.take(), /one.*two.*three$/s);
  terminal.press('x');
  assert.equal(terminal.take(), '');
  lines = ['one', '2'];
  terminal.press('x');
  assert.equal(terminal.take(), '\u001b[2;1H\u001b[2K2\u001b[3;1H\u001b[2K');
  terminal.output.emit('resize');
  assert.match(terminal.take(), /one.*2$/s);
  terminal.press('q');
  await shown;
  assert.ok(terminal.take().endsWith(LEFT));
  assert.deepEqual(terminal.raw, [true, false]);
});

test('keys arrive by name, several at once too, and end nothing where they are taken', async () => {
  const terminal = new FakeTerminal();
  const keys: string[] = [];
  const shown = terminal.show({
    frame: () => [],
    onKey: (key) => {
      keys.push(key);
      return key !== '\u0003';
    },
  });
  terminal.press('\u001b[A\u001bOBjq\r\u001b');
  terminal.press('\u0003');
  await shown;
  assert.deepEqual(keys, ['up', 'down', 'j', 'q', 'enter', 'escape', '\u0003']);
});

test('a picture that fails ends it with the terminal as it was', async () => {
  const terminal = new FakeTerminal();
  const frame = () => {
    throw new Error('no picture');
  };
  await assert.rejects(terminal.show({ frame }), /no picture/);
  assert.ok(terminal.take().endsWith(LEFT));
});

const script = (ending: string) => `
  import { showLive } from ${JSON.stringify(new URL('../../src/cli/screen.ts', import.meta.url).href)};
  setTimeout(() => { ${ending} }, 50);
  await showLive(process, { intervalMs: 1000, frame: () => ['picture'] });
  process.exit(0);`;

for (const [what, ending] of [
  ['SIGTERM', "process.kill(process.pid, 'SIGTERM')"],
  ['SIGHUP', "process.kill(process.pid, 'SIGHUP')"],
  ['an exception elsewhere', "throw new Error('elsewhere')"],
] as const) {
  test(`${what} leaves the terminal as it was`, {
    skip: spawnSync('script', ['--version']).status !== 0 && 'needs script(1) for a terminal',
  }, async () => {
    const command = `${process.execPath} --input-type=module -e "$PROGRAM"; stty -a`;
    const env = { ...process.env, SHELL: '/bin/sh', PROGRAM: script(ending) };
    const child = spawn('script', ['-qefc', command, '/dev/null'], { env });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await new Promise((resolve) => child.on('close', resolve));
    assert.ok(said.includes('picture'), said);
    assert.ok(said.includes(LEFT), said);
    assert.match(said.slice(said.lastIndexOf(LEFT)), / icanon.* echo /s, 'keys are read as lines again');
  });
}
