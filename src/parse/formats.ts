/** Every log format by its name in `logs[].format`, in the order in which `auto` tries them. */
import { CombinedFormat } from './combined-format.ts';
import { type FieldKeys, fieldKeys } from './fields.ts';
import { JsonFormat } from './json-format.ts';
import type { LineFormat } from './line-format.ts';

/** How each is opened, and why a line that has another shape is refused. */
const FORMATS = {
  json: { open: (keys) => new JsonFormat(keys), refusal: 'not_json' },
  combined: { open: () => new CombinedFormat(false), refusal: 'not_combined' },
  vhost_combined: { open: () => new CombinedFormat(true), refusal: 'not_combined' },
} as const satisfies Readonly<
  Record<string, { readonly open: (keys: FieldKeys) => LineFormat; readonly refusal: `not_${string}` }>
>;

type FormatName = keyof typeof FORMATS;
type Refusal = (typeof FORMATS)[FormatName]['refusal'];

export type LogFormat = 'auto' | FormatName;
export const LOG_FORMATS: readonly LogFormat[] = ['auto', ...(Object.keys(FORMATS) as FormatName[])];
export const REFUSALS: readonly Refusal[] = [...new Set(Object.values(FORMATS).map(({ refusal }) => refusal))];

export interface OpenFormat {
  readonly format: LineFormat;
  readonly refusal: Refusal;
}

/** The formats that lines may have; the last takes what no other detects. */
export function openFormats(name: LogFormat, keys: FieldKeys): readonly OpenFormat[] {
  const formats = Object.entries(FORMATS).map(([own, { open, refusal }]) => {
    const format: LineFormat = open(keys);
    return { own, format, refusal };
  });
  return formats.filter(({ own, format }) => (name === 'auto' ? format.detect !== undefined : own === name));
}

/** How any log is read on a host whose logs are of `name`: by `auto`, unless that never takes a line for one of `name`. */
export function readAs(name: LogFormat): LogFormat {
  const [own] = openFormats(name, fieldKeys());
  return own?.format.detect ? 'auto' : name;
}
