/** Numbers by row in typed arrays, one for each field: for millions of rows, of which objects would take ten times the memory. */

interface Arrays {
  readonly u8: Uint8Array<ArrayBuffer>;
  readonly u16: Uint16Array<ArrayBuffer>;
  readonly u32: Uint32Array<ArrayBuffer>;
  readonly f64: Float64Array<ArrayBuffer>;
}

const MAKE = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, f64: Float64Array } as const;

/** What the numbers of each field are. */
export type Fields = Readonly<Record<string, keyof Arrays>>;
export type FieldArrays<F extends Fields> = { readonly [Name in keyof F]: Arrays[F[Name]] };

const ROWS_MIN = 1024;

type Numbers = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** Numbers, which alone have their memory, with room for `length` of them; nothing may use the array that was any more. */
export function grown<T extends Numbers>(numbers: T, length: number): T {
  const copy = new (numbers.constructor as new (length: number) => T)(length);
  copy.set(numbers);
  // Freed now, not when garbage is next collected: hundreds of megabytes with a million clients.
  (numbers.buffer as ArrayBuffer).transfer(0);
  return copy;
}

/** The numbers of one field; `row` is below the capacity. */
class Column {
  array: Arrays[keyof Arrays];

  constructor(kind: keyof Arrays, rows: number) {
    this.array = new MAKE[kind](rows);
  }

  at(row: number): number {
    return this.array[row] as number;
  }

  set(row: number, value: number): void {
    this.array[row] = value;
  }
}

export class Columns<const F extends Fields> {
  /** Rows there is room for. */
  capacity = ROWS_MIN;
  /** By field. */
  readonly of: { readonly [Name in keyof F]: Column };
  private readonly fields: F;
  /** What the numbers of new rows are, where it is not 0. */
  private readonly initial: { readonly [Name in keyof F]?: number };

  constructor(fields: F, initial: { readonly [Name in keyof F]?: number } = {}) {
    this.fields = fields;
    this.initial = initial;
    const columns = Object.entries(fields).map(([name, kind]) => [name, new Column(kind, ROWS_MIN)] as const);
    this.of = Object.fromEntries(columns) as typeof this.of;
    for (const [name, column] of columns) column.array.fill(initial[name] ?? 0);
  }

  /** Makes room for so many rows; true when there was not enough. */
  reserve(rows: number): boolean {
    const before = this.capacity;
    if (rows <= before) return false;
    this.capacity = 2 ** Math.ceil(Math.log2(rows));
    for (const [name, column] of Object.entries(this.of)) {
      column.array = grown(column.array, this.capacity);
      const { [name]: initial } = this.initial;
      if (initial !== undefined) column.array.fill(initial, before);
    }
    return true;
  }

  /** Gives the first rows away, to be handed to another thread; cut in place, because there may be tens of megabytes. */
  take(rows: number): FieldArrays<F> {
    const taken = Object.entries(this.fields).map(([name, kind]) => {
      const { buffer, BYTES_PER_ELEMENT } = (this.of[name] as Column).array;
      return [name, new MAKE[kind](buffer.transfer(rows * BYTES_PER_ELEMENT))];
    });
    return Object.fromEntries(taken);
  }
}
