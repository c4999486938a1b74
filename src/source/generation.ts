/** One file of a log, as long as it may still have lines: the newest, or one that rotation moved aside. */
import type { Stats } from 'node:fs';
import type { FileMark } from '../model/chunk.ts';
import type { Lines } from './lines.ts';

/** How much is read at once, and the longest line. */
export interface ReadLimits {
  readonly chunkBytes: number;
  readonly lineBytesMax: number;
}

/** When a file was last written and made (0: unknown), epoch milliseconds: orders the generations of a log. */
export interface Times {
  readonly writtenMs: number;
  readonly bornMs: number;
}

export interface Generation extends Times {
  readonly device: number;
  readonly inode: number;
  /** False once it was finished: no more lines come from it. */
  readonly open: boolean;
  /** Bytes not looked at yet. */
  readonly unread: number;
  /** Bytes looked at of a line that is too long and not over. */
  readonly lineBytes: number;
  /** Since when nothing was heard of it, milliseconds of the given clock: when it last grew, or was rotated. */
  quietSinceMs: number;
  mark(): FileMark;
  /**
   * Takes in how far the file has grown, from `stat` where the caller has it. True when another content has taken its
   * place: call {@link restart} then.
   */
  look(nowMs: number, stat?: Stats): boolean;
  /** Reads from the beginning again. */
  restart(): void;
  /** The next whole lines; undefined when there are none for now. Rejects with SourceError. */
  read(limits: ReadLimits): Promise<Lines | undefined>;
  /** Closes the file and gives its last line if that never got its newline. */
  finish(limits: ReadLimits): Promise<Lines | undefined>;
  close(): void;
}

/** True when both are one file. Device numbers are compared too: this is for files seen within one run. */
export function isSameFile(a: Pick<FileMark, 'device' | 'inode'>, b: Pick<FileMark, 'device' | 'inode'>): boolean {
  return a.device === b.device && a.inode === b.inode;
}
