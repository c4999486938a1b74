import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type ReadLogOptions, readLogFile } from '../../src/source/read-log-file.ts';
import { SourceError } from '../../src/source/source-error.ts';
import fc from '../support/fast-check.ts';
import { mulberry32 } from '../support/traffic.ts';
import { makeDirectory, needs } from './follow-harness.ts';

interface Read {
  text: string;
  chunks: number;
  oversized: number;
  offset: number;
  failure?: unknown;
}

async function readAll(path: string, options?: ReadLogOptions): Promise<Read> {
  const read: Read = { text: '', chunks: 0, oversized: 0, offset: 0 };
  try {
    for await (const { bytes, oversized, position } of readLogFile(path, options)) {
      read.text += Buffer.from(bytes).toString('latin1');
      read.chunks++;
      read.oversized += oversized;
      read.offset = position.offset;
      // As the receiver does: nothing may be read from this memory again.
      structuredClone(bytes, { transfer: [bytes.buffer] });
    }
  } catch (failure) {
    read.failure = failure;
  }
  return read;
}

const numbered = (count: number) =>
  Array.from({ length: count }, (_, i) => `line ${i} ${'x'.repeat(i % 50)}\n`).join('');

test('plain and gzipped give the same lines at any chunk size', async (t) => {
  const directory = makeDirectory(t);
  const text = numbered(5000);
  const files = { plain: join(directory, 'a.log'), gzipped: join(directory, 'b'), members: join(directory, 'c.gz') };
  writeFileSync(files.plain, text);
  writeFileSync(files.gzipped, gzipSync(text));
  writeFileSync(files.members, Buffer.concat([gzipSync(text.slice(0, 70_001)), gzipSync(text.slice(70_001))]));
  for (const path of Object.values(files)) {
    for (const chunkBytes of [100, 4096, 1 << 20]) {
      const read = await readAll(path, { chunkBytes });
      assert.equal(read.failure, undefined);
      assert.ok(read.text === text, `${path} in chunks of ${chunkBytes}`);
      assert.equal(read.offset, text.length);
    }
  }
  const few = join(directory, 'd.log');
  writeFileSync(few, numbered(50));
  assert.equal((await readAll(few, { chunkBytes: 1 })).text, numbered(50));
  assert.equal((await readAll(files.plain, { chunkBytes: 10_000 })).chunks, Math.ceil(text.length / 10_000));
});

test('any content, chunk size and offset: the lines of the content that are short enough', async (t) => {
  const path = join(makeDirectory(t), 'a.log');
  const part = fc.constantFrom('a', '\n', 'bbbbbb\n', 'c'.repeat(21), 'd'.repeat(1500), '\r\n');
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { maxLength: 20 }),
      fc.integer({ min: 1, max: 3000 }),
      fc.boolean(),
      fc.nat(40),
      async (parts, chunkBytes, gzip, offset) => {
        const text = parts.join('');
        writeFileSync(path, gzip ? gzipSync(text) : text);
        const expected = text.slice(offset).split('\n');
        if (expected.at(-1) === '') expected.pop();
        const kept = expected.filter((line) => line.length <= 20);
        const read = await readAll(path, { chunkBytes, lineBytesMax: 20, offset });
        assert.equal(read.failure, undefined);
        assert.equal(read.text, kept.map((line) => `${line}\n`).join(''));
        assert.equal(read.oversized, expected.length - kept.length);
      },
    ),
    { numRuns: 300 },
  );
});

test('a line that is too long is shortened, at any chunk size, as the last one too', async (t) => {
  const path = join(makeDirectory(t), 'a.log');
  const long = `"${'x'.repeat(500)}" 404`;
  for (const end of ['\n', '', '\nb\n']) {
    for (const text of [`a\n${long}${end}`, gzipSync(`a\n${long}${end}`)]) {
      writeFileSync(path, text);
      for (const chunkBytes of [1, 7, 600]) {
        const read = await readAll(path, { chunkBytes, lineBytesMax: 80 });
        assert.equal(read.text, `a\n"${'x'.repeat(9)}" 404\n${end === '\nb\n' ? 'b\n' : ''}`);
        assert.equal(read.oversized, 0);
        assert.equal(read.offset, 2 + long.length + end.length);
      }
    }
  }
});

test('a last line without newline gets one', async (t) => {
  const path = join(makeDirectory(t), 'a.log');
  writeFileSync(path, 'a\nb');
  assert.equal((await readAll(path)).text, 'a\nb\n');
});

test('an empty file has no chunks', async (t) => {
  const path = join(makeDirectory(t), 'a.log');
  for (const content of ['', gzipSync('')]) {
    writeFileSync(path, content);
    const { chunks, failure } = await readAll(path);
    assert.deepEqual([chunks, failure], [0, undefined]);
  }
});

test('a gzipped log that ends in its middle: a typed error after the whole lines before', async (t) => {
  const path = join(makeDirectory(t), 'a.gz');
  const text = Array.from({ length: 50_000 }, (_, i) => `${i} ${Math.sin(i)}\n`).join('');
  const whole = gzipSync(text);
  for (const bytes of [40, 2000, whole.length >> 1, whole.length - 1]) {
    writeFileSync(path, whole.subarray(0, bytes));
    const { text: got, failure } = await readAll(path, { chunkBytes: 4096 });
    assert.ok(failure instanceof SourceError && failure.code === 'damaged', String(failure));
    assert.ok(text.startsWith(got) && (got === '' || got.endsWith('\n')));
    if (bytes > 1000) assert.ok(got.length > bytes, `${got.length} bytes of the content from ${bytes}`);
    if (bytes === whole.length - 1) assert.ok(got === text, 'only the checksum is cut off');
  }
});

test('damage in the middle of a gzipped log is a typed error too', async (t) => {
  const path = join(makeDirectory(t), 'a.gz');
  const bytes = gzipSync(numbered(50_000));
  bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 64);
  writeFileSync(path, bytes);
  const { failure } = await readAll(path);
  assert.ok(failure instanceof SourceError && failure.code === 'damaged');
});

test('missing files and directories are typed errors', async (t) => {
  const directory = makeDirectory(t);
  mkdirSync(join(directory, 'd'));
  for (const [name, code] of [
    ['nothing', 'missing'],
    ['d', 'not_a_file'],
    ['d/nothing', 'missing'],
  ] as const) {
    const { failure } = await readAll(join(directory, name));
    assert.ok(failure instanceof SourceError);
    assert.equal(failure.code, code);
    assert.ok(failure.message.includes(name) && failure.fix !== '');
  }
});

test('a pipe is read as it comes', async (t) => {
  const path = join(makeDirectory(t), 'pipe');
  execFileSync('mkfifo', [path]);
  const { spawn } = await import('node:child_process');
  const writer = spawn('sh', ['-c', `printf 'a\\nb' > "$1"; `, 'sh', path]);
  t.after(() => writer.kill());
  assert.equal((await readAll(path)).text, 'a\nb\n');
});

test('a reader that stops early leaves no open file behind', async (t) => {
  const path = join(makeDirectory(t), 'a.gz');
  writeFileSync(path, gzipSync(numbered(50_000)));
  const { readdirSync, readlinkSync } = await import('node:fs');
  // Other files of this process come and go meanwhile; one may be closed between listing and looking.
  const target = (descriptor: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`);
    } catch {
      return undefined;
    }
  };
  const isOpen = () => readdirSync('/proc/self/fd').some((descriptor) => target(descriptor) === path);
  for (let i = 0; i < 5; i++) {
    for await (const _ of readLogFile(path, { chunkBytes: 1000 })) {
      assert.ok(isOpen());
      break;
    }
    assert.ok(!isOpen());
  }
});

test(
  'xz, zstd and bzip2 are read like plain text, from any byte, and damage is told after what is before it',
  needs('xz', 'bzip2'),
  async (t) => {
    const random = mulberry32(1);
    const text = Array.from({ length: 50_000 }, (_, n) => `${n} ${random()}\n`).join('');
    for (const [program, compressed] of [
      ['xz', execFileSync('xz', ['-0', '-c'], { input: text, maxBuffer: 1 << 24 })],
      ['zstd', zstdCompressSync(text)],
      ['bzip2', execFileSync('bzip2', ['-c'], { input: text, maxBuffer: 1 << 24 })],
    ] as const) {
      const path = join(makeDirectory(t), 'a');
      writeFileSync(path, compressed);
      const whole = await readAll(path);
      assert.ok(whole.text === text && whole.failure === undefined, program);
      const offset = text.indexOf('\n', 600_000) + 1;
      assert.equal((await readAll(path, { offset })).text, text.slice(offset), program);
      writeFileSync(path, compressed.subarray(0, compressed.length - 1000));
      const { text: read, failure } = await readAll(path);
      assert.ok(failure instanceof SourceError && failure.code === 'damaged', `${program}: ${failure}`);
      assert.ok(text.startsWith(read.slice(0, -1)) && read.length > 1000, program);
    }
  },
);

test('who stops reading early ends the program that decompresses', needs('xz'), async (t) => {
  const path = join(makeDirectory(t), 'a');
  writeFileSync(path, execFileSync('xz', ['-c'], { input: 'line\n'.repeat(1_000_000) }));
  for await (const chunk of readLogFile(path, { chunkBytes: 4096 })) {
    assert.ok(chunk.bytes.length > 0);
    break;
  }
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
  assert.equal(children, '');
});

test(
  'without the program that decompresses it, a log can not be read, and what to install is said',
  needs('xz'),
  async (t) => {
    const path = join(makeDirectory(t), 'a');
    writeFileSync(path, execFileSync('xz', ['-c'], { input: 'a\n' }));
    const { PATH } = process.env;
    t.after(() => Object.assign(process.env, { PATH }));
    process.env['PATH'] = '/nowhere';
    const { failure } = await readAll(path);
    assert.ok(failure instanceof SourceError && failure.code === 'no_program' && /apt-get install/.test(failure.fix));
  },
);
