/** Says what can't be read any more. */
import type { Position } from '../model/chunk.ts';
import { canDecompress } from './compression.ts';
import { listSiblings } from './older-generations.ts';

/** The file that was read before the stop is nowhere: what was lost, and what would have kept it. */
export function describeLoss({ path, offset, device, inode, writtenMs }: Position): [what: string, fix: string] {
  const written = writtenMs === undefined ? '' : `, last seen written ${new Date(writtenMs).toISOString()}`;
  const what = `the file that was ${path} is gone: anything that was written into it from byte ${offset} on was not judged (device ${device}, inode ${inode}${written})`;
  const unreadable = listSiblings(path).find(({ compression }) => compression && !canDecompress(compression));
  const fix = unreadable
    ? `${unreadable.file} may be it: install ${unreadable.compression}, so that zban can read it next time`
    : 'rotate into a directory beside the log or below it, and keep at least one older file';
  return [what, fix];
}
