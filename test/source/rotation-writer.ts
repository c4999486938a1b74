/**
 * A process that writes a log as nginx does at load and rotates it: prints how many lines it wrote.
 *
 * Arguments: log, lines a second, rotations, lines between two rotations, late lines after each.
 */
import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const [log = '', ...numbers] = process.argv.slice(2);
const [rate = 0, rotations = 0, between = 0, late = 0] = numbers.map(Number);
const BATCH_MS = 5;
let count = 0;

function write(descriptor: number, lines: number): void {
  let text = '';
  for (let line = 0; line < lines; line++) text += `{"n":${count++},"padding":"${'x'.repeat(200)}"}\n`;
  writeSync(descriptor, text);
}

/** Batches keep the rate over time, however late the timer is. */
async function writePaced(descriptor: number, lines: number): Promise<void> {
  const started = performance.now();
  for (let written = 0; written < lines; ) {
    const due = Math.min(lines, Math.ceil(((performance.now() - started) * rate) / 1000));
    if (due > written) write(descriptor, due - written);
    written = Math.max(written, due);
    await sleep(BATCH_MS);
  }
}

let current = openSync(log, 'a');
for (let rotation = 0; rotation < rotations; rotation++) {
  await writePaced(current, between);
  for (let number = rotations; number >= 1; number--) {
    if (existsSync(`${log}.${number}`)) renameSync(`${log}.${number}`, `${log}.${number + 1}`);
  }
  renameSync(log, `${log}.1`);
  const old = current;
  current = openSync(log, 'a');
  // Workers reopen one after the other: some go on with the old file while others write the new one.
  for (let line = 0; line < late; line += 10) {
    write(current, 10);
    write(old, 10);
    await sleep(BATCH_MS * 4);
  }
  closeSync(old);
}
await writePaced(current, between);
process.stdout.write(String(count));
