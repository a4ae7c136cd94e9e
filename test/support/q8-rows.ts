/**
 * Rows of whole numbers as products of 8-bit weights read them: the layout that
 * assembly/kernels/q8-rows.ts states, written once more for its tests. In: numbers; out: bytes.
 */

/** How finely a row is quantised. */
export interface Form {
  readonly name: string;
  /** RowForm of q8-rows.ts. */
  readonly form: number;
  readonly lowest: number;
  readonly highest: number;
  /** Whether rows are laid as words in two planes of bytes. */
  readonly isOfWords: boolean;
}

export const FORMS: readonly Form[] = [
  { name: 'Words', form: 0, lowest: -32639, highest: 32639, isOfWords: true },
  { name: 'Bytes', form: 1, lowest: -127, highest: 127, isOfWords: false },
  { name: 'Magnitudes', form: 2, lowest: 0, highest: 255, isOfWords: false },
  // Products read the upper bytes; rows are quantised as words.
  { name: 'UpperBytes', form: 3, lowest: -32639, highest: 32639, isOfWords: true },
];

/** The forms that a build's rows have. */
export function formsOf(hasByteRows: boolean): readonly Form[] {
  return hasByteRows ? FORMS : FORMS.slice(0, 1);
}

/** Depths of a row, padded. */
export function q8Depth(depth: number): number {
  return 16 * Math.ceil(depth / 16);
}

/** One row; what pads it meets weights of zero, so it may be anything. */
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

/** A word in 256ths, rounded. */
export function upperByte(word: number): number {
  return Math.floor((word + 128) / 256);
}
