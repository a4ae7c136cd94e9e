/** Rows as what a caller gets: int64 Tensors [B,S] or plain arrays, one for each field. */

import type { CallOptions } from '../api/options.ts';
import type { Batch, TokenizerState } from './batch.ts';
import type { EncodingFields, IdTensor, IdTensorClass } from './batch-encoding.ts';
import { type Field, type Row, writeField } from './rows.ts';

/** Writes a field of row number `row` to every `step`-th place of `out` from `at` on. */
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
 * Puts the fields that were asked for into a result. By name, one after the other: a result made
 * of computed names costs a short text a tenth of its time.
 * @param isBare whether the one row comes without a batch around it
 * @throws RangeError when Tensors are wanted of rows that differ in length
 */
export function addFields(
  result: Partial<EncodingFields<unknown>>,
  { Tensor, settings }: TokenizerState,
  { sequences }: Batch,
  rows: readonly Row[],
  options: CallOptions,
  isBare: boolean,
): void {
  const inputNames = settings.model_input_names;
  const hasMask = options.return_attention_mask ?? inputNames.includes('attention_mask');
  const hasTypes = options.return_token_type_ids ?? inputNames.includes('token_type_ids');
  const hasSpecial = options.return_special_tokens_mask ?? false;
  const lengths = rows.map(({ length }) => length);
  const write: FieldWriter = (name, row, out, at, step) =>
    writeField(name, rows[row]!, sequences[rows[row]!.sample]!, out, at, step);
  const count = 1 + Number(hasMask) + Number(hasTypes) + Number(hasSpecial);
  const isTensor = options.return_tensor !== false;
  const make = fieldMaker(isTensor && Tensor, isBare, count, lengths, write);
  result.input_ids = make('input_ids');
  if (hasMask) result.attention_mask = make('attention_mask');
  if (hasTypes) result.token_type_ids = make('token_type_ids');
  if (hasSpecial) result.special_tokens_mask = make('special_tokens_mask');
  if (options.return_length) result.length = isBare ? lengths[0]! : lengths;
  if (options.return_overflowing_tokens) {
    result.overflow_to_sample_mapping = rows.map(({ sample }) => sample);
  }
}

/**
 * Makes fields.
 * @param Tensor the class of Tensors, or false for plain arrays
 * @param isBare whether the array of the one row comes without a batch around it
 * @param count number of fields that will be made
 * @param lengths tokens of each row
 * @throws RangeError when rows of Tensors differ in length, in transformers.js' words
 */
export function fieldMaker(
  Tensor: IdTensorClass | false,
  isBare: boolean,
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
    return isBare ? lists[0]! : lists;
  };
}

/**
 * Makes Tensors. They lie one after the other in one buffer: buffers of their own would take as
 * long to allocate as all the rest of a call with a short text.
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
  // Ids are small, so their low halves are written alone: no BigInt is made for them.
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

/** Which half of a 64-bit number is the low one: 0 on little-endian machines, 1 on others. */
function lowHalf(): number {
  lowIndex ??= new Int32Array(BigInt64Array.of(1n).buffer)[0] === 1 ? 0 : 1;
  return lowIndex;
}
