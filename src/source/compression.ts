/** What rotation compresses with: gzip and zstd are read by Node.js, xz and bzip2 by their own programs. */
import { spawnSync } from 'node:child_process';
import { constants, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { FINGERPRINT_BYTES_MAX, readHead } from './fingerprint.ts';

export type Compression = 'gzip' | 'zstd' | 'xz' | 'bzip2';

const SUFFIXES: readonly (readonly [suffix: string, compression: Compression])[] = [
  ['.gz', 'gzip'],
  ['.zst', 'zstd'],
  ['.xz', 'xz'],
  ['.bz2', 'bzip2'],
];
/** First bytes: RFC 1952, RFC 8878, the .xz file format 1.2, bzip2(1). */
const MAGIC: readonly (readonly [magic: Buffer, compression: Compression])[] = [
  [Buffer.of(0x1f, 0x8b), 'gzip'],
  [Buffer.of(0x28, 0xb5, 0x2f, 0xfd), 'zstd'],
  [Buffer.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00), 'xz'],
  [Buffer.from('BZh'), 'bzip2'],
];
export const MAGIC_BYTES_MAX = 6;
/** Compressed bytes enough for the first {@link FINGERPRINT_BYTES_MAX} of the content: zstd's blocks have up to 128 KiB. */
const HEAD_BYTES = { gzip: 4096, zstd: 160 << 10 } as const;
const HEAD_TIMEOUT_MS = 2000;

/** By its name, as rotation gives it. */
export function findCompression(name: string): Compression | undefined {
  return SUFFIXES.find(([suffix]) => name.endsWith(suffix))?.[1];
}

/** By its first bytes, so that names don't matter. */
export function recognizeCompression(start: Buffer): Compression | undefined {
  return MAGIC.find(([magic]) => start.subarray(0, magic.length).equals(magic))?.[1];
}

/** A name without the suffix of a compression. */
export function withoutSuffix(name: string): string {
  const suffix = SUFFIXES.find(([each]) => name.endsWith(each))?.[0] ?? '';
  return name.slice(0, name.length - suffix.length);
}

/** True when this host can read it: xz and bzip2 need their programs. */
export function canDecompress(compression: Compression): boolean {
  if (compression === 'gzip' || compression === 'zstd') return true;
  return spawnSync(compression, ['--version'], { stdio: 'ignore', timeout: HEAD_TIMEOUT_MS }).error === undefined;
}

/** The first bytes of the content of an open compressed file; empty when they can't be read. */
export function readCompressedHead(fd: number, compression: Compression): Buffer {
  try {
    return decompressHead(fd, compression).subarray(0, FINGERPRINT_BYTES_MAX);
  } catch {
    return Buffer.alloc(0);
  }
}

function decompressHead(fd: number, compression: Compression): Buffer {
  switch (compression) {
    case 'gzip':
      return gunzipSync(readHead(fd, HEAD_BYTES.gzip), { finishFlush: constants.Z_SYNC_FLUSH });
    case 'zstd':
      return zstdDecompressSync(readHead(fd, HEAD_BYTES.zstd), { finishFlush: constants.ZSTD_e_flush });
    case 'xz':
    case 'bzip2': {
      // Ended as soon as it has given enough.
      const limits = { maxBuffer: FINGERPRINT_BYTES_MAX, timeout: HEAD_TIMEOUT_MS };
      return spawnSync(compression, ['-dc'], { stdio: [fd, 'pipe', 'ignore'], ...limits }).stdout;
    }
  }
}
