/** Makes the fields of a result from rows: int64 Tensors [B,S] or plain arrays. */

import type { IdTensor, IdTensorClass } from './batch-encoding.ts';
import type { Field } from './rows.ts';

/** Writes one number for each token of row `row` to out[at], out[at + step], and so on. */
export type FieldWriter = (
  field: Field,
  row: number,
  out: { [index: number]: number },
  at: number,
  step: number,
) => void;

/** Bytes of an int64. */
const BYTES = 8;

/**
 * Returns a function that makes one field.
 * @param Tensor class of Tensors, or false for plain arrays
 * @param isFlat whether a plain array holds the only row itself, instead of an array of rows
 * @param count number of fields that will be made
 * @param lengths number of tokens of each row
 * @throws RangeError when rows of Tensors differ in length; the message is that of transformers.js
 */
export function fieldMaker(
  Tensor: IdTensorClass | false,
  isFlat: boolean,
  count: number,
  lengths: readonly number[],
  write: FieldWriter,
): (field: Field) => unknown {
  if (Tensor) return tensorMaker(Tensor, count, lengths, write);
  return (field) => {
    const lists = lengths.map((length, row) => {
      const list = new Array<number>(length);
      write(field, row, list, 0, 1);
      return list;
    });
    return isFlat ? lists[0]! : lists;
  };
}

/**
 * Makes Tensors, all in one buffer. To allocate a buffer for each would take as long as the rest of
 * a call with a short text.
 */
function tensorMaker(
  Tensor: IdTensorClass,
  count: number,
  lengths: readonly number[],
  write: FieldWriter,
): (field: Field) => IdTensor {
  const width = lengths[0] ?? 0;
  if (lengths.some((length) => length !== width)) {
    throw new RangeError(
      'Unable to create tensor, you should probably activate truncation and/or padding with ' +
        "'padding=true' and 'truncation=true' to have batched tensors with the same length.",
    );
  }
  const size = lengths.length * width;
  const buffer = new ArrayBuffer(count * size * BYTES);
  // Ids fit in 32 bits: only low halves are written, which makes no BigInts.
  const halves = new Int32Array(buffer);
  let at = 0;
  return (field) => {
    const data = new BigInt64Array(buffer, at * BYTES, size);
    for (let row = 0; row < lengths.length; row++, at += width) {
      write(field, row, halves, 2 * at + lowHalf(), 2);
    }
    return new Tensor('int64', data, [lengths.length, width]);
  };
}

let lowIndex: number | undefined;

/** Index of the low half of a 64-bit number: 0 on little-endian machines, 1 on others. */
function lowHalf(): number {
  lowIndex ??= new Int32Array(BigInt64Array.of(1n).buffer)[0] === 1 ? 0 : 1;
  return lowIndex;
}
