/** The bytes of a finished log in order, plain or decompressed. */

import { spawn } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { MAGIC_BYTES_MAX, recognizeCompression } from './compression.ts';
import { SourceError, toSourceError } from './source-error.ts';

const COMPRESSED_READ_BYTES = 65_536;
const UNPACKED_CHUNK_BYTES = 262_144;

export interface ByteInput {
  readonly device: number;
  readonly inode: number;
  /** Fills the buffer from `at`, as far as there are bytes; 0 at the end. Rejects with SourceError. */
  fill(buffer: Buffer, at: number): Promise<number>;
  /** Leaves out the next bytes without reading them; only where that is possible. */
  readonly skip?: (bytes: number) => void;
  /** The first bytes as they are now; only of a plain file, which may be truncated and written anew while it is read. */
  readonly peek?: (bytes: number) => Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * Opens a log for one pass. Compression is told by the first bytes, so that names don't matter. Pipes are read as plain
 * text. Rejects with SourceError.
 */
export async function openBytes(path: string): Promise<ByteInput> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const stat = await handle.stat();
    if (stat.isDirectory()) throw new SourceError('not_a_file', path);
    const start = Buffer.alloc(MAGIC_BYTES_MAX);
    if (stat.isFile()) await handle.read(start, 0, start.length, 0);
    const identity = { device: stat.dev, inode: stat.ino };
    const opened = handle;
    // A pipe has no places to read from.
    let next: number | null = stat.isFile() ? 0 : null;
    const plain = {
      fill: async (buffer: Buffer, at: number) => {
        try {
          const { bytesRead } = await opened.read(buffer, at, buffer.length - at, next);
          if (next !== null) next += bytesRead;
          return bytesRead;
        } catch (error) {
          throw toSourceError(path, error);
        }
      },
      close: () => opened.close(),
    };
    const compression = recognizeCompression(start);
    if (compression === 'xz' || compression === 'bzip2')
      return { ...identity, ...decompressedBy(compression, path, opened) };
    if (compression) return { ...identity, ...decompressed(compression, path, plain) };
    const skip = (bytes: number) => {
      next = (next ?? 0) + bytes;
    };
    const peek = async (bytes: number) => {
      try {
        const { buffer, bytesRead } = await opened.read(Buffer.alloc(bytes), 0, bytes, 0);
        return buffer.subarray(0, bytesRead);
      } catch (error) {
        throw toSourceError(path, error);
      }
    };
    return { ...identity, ...plain, ...(stat.isFile() && { skip, peek }) };
  } catch (error) {
    await handle?.close();
    throw toSourceError(path, error);
  }
}

type Stream = Pick<ByteInput, 'fill' | 'close'>;

/**
 * Decompresses as much as is asked for and no further. The stream is fed by hand, one piece at a time: read as a stream it
 * would throw away what it had unpacked when it meets damaged data.
 */
function decompressed(compression: 'gzip' | 'zstd', path: string, compressed: Stream): Stream {
  const options = { chunkSize: UNPACKED_CHUNK_BYTES };
  const unpacker = compression === 'gzip' ? createGunzip(options) : createZstdDecompress(options);
  const unpacked: Buffer[] = [];
  let [ended, fed] = [false, false];
  let failure: unknown;
  let proceed = () => {};
  unpacker.on('data', (bytes: Buffer) => unpacked.push(bytes));
  unpacker.on('end', () => {
    ended = true;
    proceed();
  });
  unpacker.on('error', (error) => {
    failure = error;
    proceed();
  });

  const feed = async () => {
    const input = Buffer.allocUnsafe(COMPRESSED_READ_BYTES);
    const length = fed ? 0 : await compressed.fill(input, 0);
    await new Promise<void>((resolve) => {
      proceed = resolve;
      if (length > 0) unpacker.write(input.subarray(0, length), () => resolve());
      else if (!fed) unpacker.end();
      fed ||= length === 0;
      if (ended || failure) resolve();
    });
  };

  const fill = async (buffer: Buffer, at: number) => {
    let filled = at;
    while (filled < buffer.length) {
      const piece = unpacked.shift();
      if (piece) {
        const taken = piece.copy(buffer, filled);
        if (taken < piece.length) unpacked.unshift(piece.subarray(taken));
        filled += taken;
      } else if (ended || failure) break;
      else await feed();
    }
    if (filled === at && failure) throw new SourceError('damaged', path, failure);
    return filled - at;
  };
  const close = () => {
    unpacker.destroy();
    return compressed.close();
  };
  return { fill, close };
}

/** By a program of the host, which reads the file itself; it waits while nobody takes what it has unpacked. */
function decompressedBy(program: 'xz' | 'bzip2', path: string, handle: FileHandle): Stream {
  const child = spawn(program, ['-dc'], { stdio: [handle.fd, 'pipe', 'ignore'] });
  const ended = new Promise<SourceError | undefined>((resolve) => {
    child.on('error', (error) => resolve(new SourceError('no_program', path, error)));
    child.on('close', (code) => resolve(code === 0 ? undefined : new SourceError('damaged', path)));
  });
  const stdout = child.stdout as Readable;
  const pieces = stdout[Symbol.asyncIterator]();
  let piece: Buffer = Buffer.alloc(0);

  const fill = async (buffer: Buffer, at: number) => {
    if (piece.length === 0) {
      const next = await pieces.next().catch(() => ({ done: true, value: undefined }));
      if (next.done) {
        const failure = await ended;
        if (failure) throw failure;
        return 0;
      }
      piece = next.value;
    }
    const taken = piece.copy(buffer, at);
    piece = piece.subarray(taken);
    return taken;
  };
  const close = async () => {
    child.kill();
    stdout.destroy();
    await ended;
    await handle.close();
  };
  return { fill, close };
}
