/** Rows as what a caller gets: int64 Tensors [B,S] or plain arrays, one for each field. */

import { Tensor } from '../tensor/tensor.ts';
import type { EncodingFields } from './batch-encoding.ts';
import type { CallOptions } from './options.ts';
import type { Field, Row, RowFields } from './rows.ts';

/**
 * The fields that were asked for.
 * @param inputNames fields that come without being asked for
 * @param isBare whether the one row comes without a batch around it
 * @throws RangeError when Tensors are wanted of rows that differ in length
 */
export function fieldsOf(
  rows: readonly Row[],
  inputNames: readonly string[],
  options: CallOptions,
  isBare: boolean,
): Partial<EncodingFields<unknown>> {
  const isWanted = (name: Field, option: boolean | null | undefined) =>
    option ?? inputNames.includes(name);
  const names: Field[] = ['input_ids'];
  if (isWanted('attention_mask', options.return_attention_mask)) names.push('attention_mask');
  if (isWanted('token_type_ids', options.return_token_type_ids)) names.push('token_type_ids');
  if (options.return_special_tokens_mask) names.push('special_tokens_mask');
  const isPlain = options.return_tensor === false;
  const fields: Partial<EncodingFields<unknown>> = isPlain
    ? listsOf(names, rows, isBare)
    : tensorsOf(names, rows);
  if (options.return_length) {
    const lengths = rows.map((row) => row.input_ids.length);
    fields.length = isBare ? lengths[0]! : lengths;
  }
  if (options.return_overflowing_tokens) {
    fields.overflow_to_sample_mapping = rows.map(({ sample }) => sample);
  }
  return fields;
}

/** Fields as plain arrays. They are copies, because look-ups read the rows later. */
function listsOf(
  names: readonly Field[],
  rows: readonly Row[],
  isBare: boolean,
): Partial<Record<Field, number[] | number[][]>> {
  const fields: Partial<Record<Field, number[] | number[][]>> = {};
  for (const name of names) {
    const lists = rows.map((row) => row[name]!.slice());
    fields[name] = isBare ? lists[0]! : lists;
  }
  return fields;
}

/**
 * Fields as Tensors. They lie one after the other in one buffer: buffers of their own would take as
 * long to allocate as all the rest of a call with a short text.
 * @throws RangeError when rows differ in length, in transformers.js' words
 */
export function tensorsOf(
  names: readonly Field[],
  rows: readonly Partial<RowFields>[],
): Partial<Record<Field, Tensor<'int64'>>> {
  const width = rows[0]?.input_ids?.length ?? 0;
  const size = rows.length * width;
  const all = new BigInt64Array(names.length * size);
  // Ids are small, so their low halves are written alone: no BigInt is made for them.
  const halves = new Int32Array(all.buffer);
  const fields: Partial<Record<Field, Tensor<'int64'>>> = {};
  for (let n = 0, at = lowHalf(); n < names.length; n++) {
    for (let r = 0; r < rows.length; r++) {
      const row = rows[r]![names[n]!]!;
      if (row.length !== width) {
        throw new RangeError(
          'Unable to create tensor, you should probably activate truncation and/or padding with ' +
            "'padding=true' and 'truncation=true' to have batched tensors with the same length.",
        );
      }
      for (let i = 0; i < width; i++, at += 2) halves[at] = row[i]!;
    }
    const data = all.subarray(n * size, (n + 1) * size);
    fields[names[n]!] = new Tensor('int64', data, [rows.length, width]);
  }
  return fields;
}

let lowIndex: number | undefined;

/** Which half of a 64-bit number is the low one: 0 on little-endian machines, 1 on others. */
function lowHalf(): number {
  lowIndex ??= new Int32Array(BigInt64Array.of(1n).buffer)[0] === 1 ? 0 : 1;
  return lowIndex;
}
