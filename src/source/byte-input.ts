/** The bytes of a finished log in order, plain or gunzipped. */
import { type FileHandle, open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { SourceError, toSourceError } from './source-error.ts';

const COMPRESSED_READ_BYTES = 65_536;
const GUNZIP_CHUNK_BYTES = 262_144;

export interface ByteInput {
  readonly device: number;
  readonly inode: number;
  /** Fills the buffer from `at`, as far as there are bytes; 0 at the end. Rejects with SourceError. */
  fill(buffer: Buffer, at: number): Promise<number>;
  /** Leaves out the next bytes without reading them; only where that is possible. */
  readonly skip?: (bytes: number) => void;
  close(): Promise<void>;
}

/**
 * Opens a log for one pass. Gzip (RFC 1952) is told by its first two bytes, so that names don't matter. Pipes are read as
 * plain text. Rejects with SourceError.
 */
export async function openBytes(path: string): Promise<ByteInput> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const stat = await handle.stat();
    if (stat.isDirectory()) throw new SourceError('not_a_file', path);
    const magic = Buffer.alloc(2);
    if (stat.isFile()) await handle.read(magic, 0, 2, 0);
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
    if (magic.equals(Buffer.of(0x1f, 0x8b))) return { ...identity, ...gunzipped(path, plain) };
    const skip = (bytes: number) => {
      next = (next ?? 0) + bytes;
    };
    return { ...identity, ...plain, ...(stat.isFile() && { skip }) };
  } catch (error) {
    await handle?.close();
    throw toSourceError(path, error);
  }
}

type Stream = Pick<ByteInput, 'fill' | 'close'>;

/**
 * Gunzips as much as is asked for and no further. The stream is fed by hand, one piece at a time: read as a stream it
 * would throw away what it had unpacked when it meets damaged data.
 */
function gunzipped(path: string, compressed: Stream): Stream {
  const gunzip = createGunzip({ chunkSize: GUNZIP_CHUNK_BYTES });
  const unpacked: Buffer[] = [];
  let [ended, fed] = [false, false];
  let failure: unknown;
  let proceed = () => {};
  gunzip.on('data', (bytes: Buffer) => unpacked.push(bytes));
  gunzip.on('end', () => {
    ended = true;
    proceed();
  });
  gunzip.on('error', (error) => {
    failure = error;
    proceed();
  });

  const feed = async () => {
    const input = Buffer.allocUnsafe(COMPRESSED_READ_BYTES);
    const length = fed ? 0 : await compressed.fill(input, 0);
    await new Promise<void>((resolve) => {
      proceed = resolve;
      if (length > 0) gunzip.write(input.subarray(0, length), () => resolve());
      else if (!fed) gunzip.end();
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
    if (filled === at && failure) throw new SourceError('damaged_gzip', path, failure);
    return filled - at;
  };
  const close = () => {
    gunzip.destroy();
    return compressed.close();
  };
  return { fill, close };
}
