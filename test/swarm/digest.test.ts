/** Lines of usual traffic are read when somebody asks, and then as if they had been read at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Digest } from '../../src/swarm/digest.ts';
import { UnreadLines } from '../../src/swarm/unread-lines.ts';

const line = (text: string) => ({ source: 0, high: 1, low: 2, bytes: new TextEncoder().encode(text) });
const LONG = 'x'.repeat(UnreadLines.LINE_BYTES_MAX + 1);

/** A digest whose lines are their number, and how often one was read. */
function make(capacity: number) {
  const reads: string[] = [];
  const digest = new Digest(capacity, ({ bytes }, into) => {
    const text = new TextDecoder().decode(bytes);
    reads.push(text.slice(0, 8));
    into[0] = Number.parseInt(text, 10) || 7777;
  });
  const seen = () => {
    const first: number[] = [];
    digest.visit(Number.POSITIVE_INFINITY, (traits, at) => first.push(traits[at] as number));
    return first;
  };
  return { digest, reads, seen };
}

test('no line is read before somebody asks, each once, and those that others displaced never', () => {
  const { digest, reads, seen } = make(1000);
  for (let n = 1; n <= 3000; n++) digest.add(n, n, line(`${n} ${'y'.repeat(n % 600)}`));
  assert.deepEqual(reads, []);
  assert.deepEqual(
    seen(),
    Array.from({ length: 1000 }, (_, i) => 2001 + i),
  );
  assert.equal(reads.length, 1000);
  digest.add(3001, 1, line('3001'));
  assert.deepEqual(seen().slice(-2), [3000, 3001]);
  assert.equal(reads.length, 1001);
});

test('a line too long to be kept is read at once, and those around it are not', () => {
  const { digest, reads, seen } = make(4);
  for (const text of ['1', '2', LONG, '4', '5']) digest.add(1, 1, line(text));
  assert.deepEqual(reads, ['xxxxxxxx']);
  assert.deepEqual(seen(), [2, 7777, 4, 5]);
});

test('what is saved is the same whether lines were read before or not', () => {
  const [one, two] = [make(10), make(10)];
  for (let n = 1; n <= 15; n++) {
    one.digest.add(n, n, line(String(n)));
    two.digest.add(n, n, line(String(n)));
    if (n % 4 === 0) two.seen();
  }
  assert.deepEqual(one.digest.snapshot(), two.digest.snapshot());
});
