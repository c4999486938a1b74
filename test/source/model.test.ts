/**
 * Random histories of a log against a tiny model: every line written is handed on once. What cannot be promised is kept
 * out of the histories, and is the honest limit of following files:
 * - lines that are written and truncated away (or whose file is deleted) before anybody looked are lost, unless a copy
 *   with the same first bytes is beside the log (copytruncate);
 * - a file that was empty at the checkpoint has nothing to be recognised by but its inode: gone when it is gzipped or
 *   copied while nobody follows;
 * - gzip keeps only when a file was last written: one with late lines written after the last line of its successor looks
 *   newer than that, when both are gzipped while nobody follows;
 * - lines written into a rotated file after it was silent for `quietMs` are not read;
 * - after a kill, lines since the last checkpoint are handed on again: here they are taken back first.
 */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Position } from '../../src/model/chunk.ts';
import fc from '../support/fast-check.ts';
import { follow, type Harness, makeDirectory } from './follow-harness.ts';

const QUIET_MS = 60_000;
const { ZBAN_MODEL_RUNS: runs = '150' } = process.env;

type Step =
  | { readonly do: 'write'; readonly lines: number; readonly bytes: number }
  | { readonly do: 'write part' | 'rotate' | 'write late' | 'gzip' | 'copytruncate' | 'truncate' | 'delete' }
  | { readonly do: 'look' | 'stop' | 'start' | 'kill' | 'checkpoint' }
  | { readonly do: 'elapse'; readonly ms: number };

const action = (...names: Exclude<Step['do'], 'write' | 'elapse'>[]) =>
  fc.constantFrom(...names).map((name) => ({ do: name }) as Step);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      lines: fc.integer({ min: 1, max: 8 }),
      bytes: fc.nat(180),
    }),
  },
  { weight: 5, arbitrary: action('look') },
  { weight: 7, arbitrary: action('rotate', 'write late', 'write part') },
  { weight: 4, arbitrary: action('gzip', 'copytruncate', 'truncate', 'delete') },
  { weight: 4, arbitrary: action('stop', 'start', 'kill', 'checkpoint') },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('elapse' as const), ms: fc.constantFrom(100, 5_000, 70_000) }) },
);

class History {
  readonly log: string;
  readonly written: string[] = [];
  private readonly directory: string;
  private handed: string[] = [];
  private harness: Harness | undefined;
  private positions: Position[] = [];
  private saved = { positions: [] as Position[], handed: 0 };
  private count = 0;
  /** Beginning of the last line of a file that waits for its end. */
  private part = '';
  private latePart = '';
  private mayBeLate = false;
  private rotations = 0;

  constructor(directory: string) {
    this.directory = directory;
    this.log = join(directory, 'access.log');
  }

  async run(steps: readonly Step[]): Promise<void> {
    writeFileSync(this.log, '');
    await this.start();
    for (const step of steps) await this.take(step);
    await this.start();
    await this.look();
    await this.harness?.elapse(QUIET_MS + 1000);
    this.endLatePart();
    this.collect();
    if (this.part) this.append('end\n');
    await this.look();
    this.harness?.close();
  }

  check(): void {
    assert.deepEqual(this.handed.toSorted(), this.written.toSorted());
  }

  private async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'write':
        for (let line = 0; line < step.lines; line++)
          this.append(`${this.part ? '' : this.nextLine()}${'.'.repeat(step.bytes)}\n`);
        return;
      case 'write part':
        if (this.part.length < 100) this.append(this.part ? '...' : this.nextLine());
        return;
      case 'write late':
        return this.writeLate();
      case 'look':
        return this.look();
      case 'elapse':
        if (step.ms >= QUIET_MS && this.harness) {
          this.mayBeLate = false;
          this.endLatePart();
        }
        await this.harness?.elapse(step.ms);
        this.collect();
        return;
      case 'checkpoint':
        return this.checkpoint();
      case 'start':
        return this.start();
      case 'stop':
        return this.stop();
      case 'kill':
        return this.kill();
      default:
        return existsSync(this.log) ? this.change(step.do) : undefined;
    }
  }

  private async change(how: 'rotate' | 'gzip' | 'copytruncate' | 'truncate' | 'delete'): Promise<void> {
    if (how === 'rotate') {
      this.endLatePart();
      this.shift();
      renameSync(this.log, `${this.log}.1`);
      [this.latePart, this.part] = [this.part, ''];
      this.mayBeLate = true;
      await this.tick();
      writeFileSync(this.log, '');
      return this.tick();
    }
    if (how === 'gzip') return this.gzip();
    if (how === 'copytruncate') {
      if (this.part || (await this.isUnrecognisable())) return;
      this.endLatePart();
      this.shift();
      this.mayBeLate = false;
      await this.tick();
      copyFileSync(this.log, `${this.log}.1`);
      await this.tick();
      truncateSync(this.log);
      return this.tick();
    }
    if (!this.harness || this.part) return;
    await this.look();
    this.checkpoint();
    if (how === 'delete') unlinkSync(this.log);
    else truncateSync(this.log);
    await this.tick();
    await this.look();
    this.checkpoint();
  }

  private nextLine(): string {
    return `${this.count++} `;
  }

  private append(text: string): void {
    appendFileSync(this.log, text);
    this.part = this.note(this.part + text);
  }

  private writeLate(): void {
    if (!this.mayBeLate) return;
    const text = this.latePart ? 'late\n' : `${this.nextLine()}late\n`;
    appendFileSync(`${this.log}.1`, text);
    this.latePart = this.note(this.latePart + text);
  }

  /** The last line of a file nobody writes to any more is a line too. */
  private endLatePart(): void {
    if (this.latePart) this.written.push(this.latePart);
    this.latePart = '';
  }

  private note(text: string): string {
    if (!text.endsWith('\n')) return text;
    this.written.push(text.slice(0, -1));
    return '';
  }

  private shift(): void {
    for (let number = ++this.rotations; number >= 1; number--) {
      for (const suffix of ['', '.gz']) {
        const from = `${this.log}.${number}${suffix}`;
        if (existsSync(from)) renameSync(from, `${this.log}.${number + 1}${suffix}`);
      }
    }
  }

  /** Like logrotate with delaycompress. */
  private async gzip(): Promise<void> {
    if (await this.isUnrecognisable()) return;
    for (let number = 2; number <= this.rotations; number++) {
      const file = `${this.log}.${number}`;
      if (!existsSync(file)) continue;
      const { atime, mtime, mtimeMs } = statSync(file);
      const newer = this.writtenMs(number - 1) ?? Number.POSITIVE_INFINITY;
      const older = this.writtenMs(number + 1) ?? 0;
      if (older >= mtimeMs || newer <= mtimeMs) continue;
      writeFileSync(`${file}.gz`, gzipSync(readFileSync(file)));
      utimesSync(`${file}.gz`, atime, mtime);
      unlinkSync(file);
    }
  }

  private writtenMs(number: number): number | undefined {
    const file = `${this.log}.${number}`;
    return (statSync(file, { throwIfNoEntry: false }) ?? statSync(`${file}.gz`, { throwIfNoEntry: false }))?.mtimeMs;
  }

  /** True when the checkpoint names an empty file, and no better one can be made now. */
  private async isUnrecognisable(): Promise<boolean> {
    if (this.harness) await this.look();
    if (this.harness) this.checkpoint();
    const marks = this.saved.positions.flatMap((position) => [position, ...(position.older ?? [])]);
    return marks.length === 0 || marks.some(({ fingerprintBytes }) => fingerprintBytes === 0);
  }

  /** Files are ordered by times that the kernel counts in ticks of some milliseconds. */
  private async tick(): Promise<void> {
    const probe = join(this.directory, 'probe');
    writeFileSync(probe, '');
    const before = statSync(probe).mtimeMs;
    while (statSync(probe).mtimeMs <= before) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      writeFileSync(probe, '');
    }
  }

  private async look(): Promise<void> {
    await this.harness?.settle();
    this.collect();
  }

  private collect(): void {
    if (!this.harness) return;
    this.handed.push(...this.harness.lines.splice(0));
    this.positions = [...this.harness.positions.values()];
  }

  private checkpoint(): void {
    this.saved = { positions: this.positions, handed: this.handed.length };
  }

  private async start(): Promise<void> {
    if (this.harness) return;
    // Through JSON, as a database keeps it.
    const positions: Position[] = JSON.parse(JSON.stringify(this.saved.positions));
    this.harness = follow([this.log], { positions, lineBytesMax: 1000, chunkBytes: 300, quietMs: QUIET_MS });
    await this.look();
    if (this.saved.positions.length === 0) this.checkpoint();
  }

  private stop(): void {
    if (this.harness) this.checkpoint();
    this.harness?.close();
    this.harness = undefined;
  }

  private async kill(): Promise<void> {
    if (!this.harness || this.saved.positions.length === 0) return;
    this.harness.close();
    this.harness = undefined;
    this.handed.length = this.saved.handed;
    this.positions = this.saved.positions;
    await this.start();
  }
}

test('no line is lost or doubled, whatever happens to the log', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
      const directory = makeDirectory();
      try {
        const history = new History(directory);
        await history.run(steps);
        history.check();
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    }),
    { numRuns: Number(runs) },
  );
});
