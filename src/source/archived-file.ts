/** A compressed file that rotation left behind while nobody was following: read once, from where its plain form was left. */
import type { Chunk, FileMark } from '../model/chunk.ts';
import type { Generation, ReadLimits } from './generation.ts';
import type { Lines } from './lines.ts';
import { readMovedFile } from './read-log-file.ts';

export interface ArchiveFile {
  readonly file: string;
  readonly bytes: number;
  readonly writtenMs: number;
  /** Where the marked file is by now; undefined when it is gone. */
  readonly find: (mark: FileMark) => string | undefined;
}

export class ArchivedFile implements Generation {
  /** None: the file it was is gone, and its inode may be another's by now. */
  readonly device = -1;
  readonly inode = -1;
  readonly writtenMs: number;
  readonly bornMs: number;
  quietSinceMs: number;
  readonly #archive: ArchiveFile;
  #mark: FileMark;
  #chunks: AsyncGenerator<Chunk, void, undefined> | undefined;
  open = true;
  /** Lines that are too long are shortened where the archive is unpacked. */
  readonly lineBytes = 0;

  /** @param mark the file before it was gzipped, and how far it was read */
  constructor(archive: ArchiveFile, mark: FileMark, nowMs: number) {
    this.#archive = archive;
    this.#mark = mark;
    this.writtenMs = archive.writtenMs;
    // The archive itself was made when it was compressed.
    this.bornMs = mark.bornMs ?? 0;
    this.quietSinceMs = nowMs;
  }

  /** Of the gzipped file, for want of the content's length. */
  get unread(): number {
    return this.open ? this.#archive.bytes : 0;
  }

  mark(): FileMark {
    return this.#mark;
  }

  /** A finished file doesn't change. */
  look(): boolean {
    return false;
  }

  restart(): void {}

  async read({ chunkBytes, lineBytesMax }: ReadLimits): Promise<Lines | undefined> {
    if (!this.open) return undefined;
    const mark = this.#mark;
    // Opened by its name only now. Without first bytes to tell it by, its content is damaged.
    const expected = mark.fingerprintBytes > 0 ? { mark } : {};
    const { file, find } = this.#archive;
    this.#chunks ??= readMovedFile(file, () => find(mark), {
      chunkBytes,
      lineBytesMax,
      offset: mark.offset,
      ...expected,
    });
    try {
      const { value: chunk } = await this.#chunks.next();
      if (!chunk) {
        this.open = false;
        return undefined;
      }
      this.#mark = { ...this.#mark, offset: chunk.position.offset };
      return chunk;
    } catch (error) {
      this.open = false;
      throw error;
    }
  }

  async finish(): Promise<Lines | undefined> {
    this.close();
    return undefined;
  }

  close(): void {
    this.open = false;
    // Ends the generator, which closes the file; it rejects only for what was reported before.
    this.#chunks?.return().catch(() => {});
  }
}
