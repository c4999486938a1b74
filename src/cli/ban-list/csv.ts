/** A record of a CSV file and the line it begins on; the first is 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

/**
 * Reads comma-separated values (RFC 4180) with either line ending. Empty lines are no records; a quote that is never
 * closed ends with the text.
 */
export function parseCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let fields: string[] = [];
  let field = '';
  let quoted = false;
  let [line, begin] = [1, 1];
  const endRecord = () => {
    fields.push(field);
    if (fields.length > 1 || field !== '') records.push({ line: begin, fields });
    fields = [];
    field = '';
  };
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\n') line++;
    if (quoted) {
      if (character !== '"') field += character;
      else if (text.charAt(at + 1) === '"') field += text.charAt(at++);
      else quoted = false;
    } else if (character === '"' && field === '') quoted = true;
    else if (character === ',') {
      fields.push(field);
      field = '';
    } else if (character === '\n') {
      endRecord();
      begin = line;
    } else if (character !== '\r') field += character;
  }
  endRecord();
  return records;
}

/** A field as it stands in a CSV file, quoted where it must be. */
export function formatCsvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
