/**
 * Quantised rows in the layout of assembly/kernels/q8-rows.ts, written a second time for its tests.
 * In: integers. Out: bytes.
 */

/** How finely a row is quantised. */
export interface Form {
  readonly name: string;
  /** RowForm of q8-rows.ts. */
  readonly form: number;
  readonly lowest: number;
  readonly highest: number;
  /** Whether a row holds 16-bit numbers, as two planes of bytes. */
  readonly isOfWords: boolean;
}

export const FORMS: readonly Form[] = [
  { name: 'Words', form: 0, lowest: -32639, highest: 32639, isOfWords: true },
  { name: 'Bytes', form: 1, lowest: -127, highest: 127, isOfWords: false },
  { name: 'Magnitudes', form: 2, lowest: 0, highest: 255, isOfWords: false },
  // Rows are quantised to 16 bits; products read only the upper bytes.
  { name: 'UpperBytes', form: 3, lowest: -32639, highest: 32639, isOfWords: true },
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
  { name, isOfWords }: Form,
  numbers: ArrayLike<number>,
  hasDot: boolean,
): Uint8Array {
  const depth = q8Depth(numbers.length);
  const row = new Uint8Array(2 * depth).fill(99);
  const words = new DataView(row.buffer);
  for (let k = 0; k < numbers.length; k++) {
    const x = numbers[k]!;
    if (!hasDot) words.setInt16(2 * k, x, true);
    else if (isOfWords) {
      row[k] = upperByte(x) + 128;
      row[depth + k] = x - 256 * upperByte(x) + 128;
    } else row[k] = name === 'Bytes' ? x + 128 : x;
  }
  return row;
}

/** A 16-bit number over 256, rounded. */
export function upperByte(word: number): number {
  return Math.floor((word + 128) / 256);
}
