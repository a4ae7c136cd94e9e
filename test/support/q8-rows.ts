/**
 * Quantised rows in the layout of assembly/kernels/rows-int.ts, written a second time for its
 * tests. In: integers. Out: bytes.
 */

/** How finely a row is quantised. */
export interface Form {
  readonly name: 'I16' | 'I8' | 'U8' | 'UpperI8' | 'U16';
  /** RowForm of rows-int.ts. */
  readonly form: number;
  readonly lowest: number;
  readonly highest: number;
  /** Whether a row holds 16-bit numbers. */
  readonly is16Bit: boolean;
  /** Planes of bytes that a dot product reads. */
  readonly planes: 1 | 2;
  /** Whether bytes are 128 larger than their numbers, where there are dot products. */
  readonly isOffset: boolean;
}

export const FORMS: readonly Form[] = [
  {
    name: 'I16',
    form: 0,
    lowest: -32639,
    highest: 32639,
    is16Bit: true,
    planes: 2,
    isOffset: true,
  },
  { name: 'I8', form: 1, lowest: -127, highest: 127, is16Bit: false, planes: 1, isOffset: true },
  { name: 'U8', form: 2, lowest: 0, highest: 255, is16Bit: false, planes: 1, isOffset: false },
  // Rows are quantised to 16 bits; products read only the upper bytes.
  {
    name: 'UpperI8',
    form: 3,
    lowest: -32639,
    highest: 32639,
    is16Bit: true,
    planes: 1,
    isOffset: true,
  },
  { name: 'U16', form: 4, lowest: 0, highest: 32639, is16Bit: true, planes: 2, isOffset: false },
];

/** The forms that a build's rows have. */
export function formsOf(hasByteRows: boolean): readonly Form[] {
  return hasByteRows ? FORMS : FORMS.slice(0, 1);
}

/** The padded depth of a row. */
export function q8Depth(depth: number): number {
  return 16 * Math.ceil(depth / 16);
}

/** One row. Padding meets weights of zero, so it may hold anything. */
export function q8Row(
  { name, is16Bit }: Form,
  numbers: ArrayLike<number>,
  hasDot: boolean,
): Uint8Array {
  const depth = q8Depth(numbers.length);
  const row = new Uint8Array(2 * depth).fill(99);
  const view = new DataView(row.buffer);
  for (let k = 0; k < numbers.length; k++) {
    const x = numbers[k]!;
    if (!hasDot) view.setInt16(2 * k, x, true);
    else if (name === 'U16') {
      row[k] = x >> 8;
      row[depth + k] = x & 255;
    } else if (is16Bit) {
      row[k] = upperByte(x) + 128;
      row[depth + k] = x - 256 * upperByte(x) + 128;
    } else row[k] = name === 'I8' ? x + 128 : x;
  }
  return row;
}

/** A 16-bit number over 256, rounded. */
export function upperByte(x: number): number {
  return Math.floor((x + 128) / 256);
}
