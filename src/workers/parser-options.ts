/** How the logs of a configuration are parsed. */
import type { Config } from '../config/schema.ts';
import { LINE_BYTES_MAX } from '../model/chunk.ts';
import { fieldKeys } from '../parse/fields.ts';
import type { ParserOptions } from '../parse/parser.ts';

/** One for each log; `hashKey` is that of what the engine has learned. */
export function parserOptions(
  { detection }: Pick<Config, 'detection'>,
  logs: readonly Pick<Config['logs'][number], 'format' | 'fields'>[],
  hashKey = 0,
): readonly ParserOptions[] {
  return logs.map(({ format, fields }) => ({
    format,
    keys: fieldKeys(fields as Parameters<typeof fieldKeys>[0]),
    staticExtensions: detection.static_extensions,
    clients: detection,
    lineBytesMax: LINE_BYTES_MAX,
    hashKey,
  }));
}
