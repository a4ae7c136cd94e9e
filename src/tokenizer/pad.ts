/**
 * Padding inputs that are encoded already (`pad` of transformers' tokenization_utils_base.py). In:
 * one encoding, a batch of them, or a list of single ones. Out: the same fields at one length.
 */

import { Tensor } from '../tensor/tensor.ts';
import { BatchEncoding, type EncodingFields } from './batch-encoding.ts';
import { tensorsOf } from './fields.ts';
import { checkSide, type LengthOptions, resolveStrategies, type Side } from './options.ts';
import { type Field, padFields, type RowFields, roundUp } from './rows.ts';

/** Encoded inputs: fields of rows, or a list of encodings. */
export type PadInput<V> =
  | Partial<EncodingFields<V>>
  | readonly Partial<EncodingFields<number[] | Tensor<'int64'>>>[];

/** Options of `pad`. */
export interface PadOptions extends Omit<LengthOptions, 'truncation'> {
  return_attention_mask?: boolean | null;
  /** Default: Tensors for Tensors, arrays for arrays. */
  return_tensor?: boolean | null;
}

/** What padding puts in. */
interface Filling {
  padding: () => { id: number; typeId: number };
  side: Side;
}

/** The fields that are padded; others of the inputs are left out. */
const FIELDS: readonly Field[] = [
  'input_ids',
  'token_type_ids',
  'attention_mask',
  'special_tokens_mask',
];

/** Pads. @throws TypeError on inputs without input_ids, or without a padding token */
export function padEncoded<V>(
  encoded: PadInput<V>,
  filling: Filling,
  modelMaxLength: number,
  isMasked: boolean,
  options: PadOptions,
): BatchEncoding<V> {
  const list = (Array.isArray(encoded) ? encoded : [encoded]) as Record<string, unknown>[];
  const names = FIELDS.filter((name) => list[0]?.[name] !== undefined);
  if (names[0] !== 'input_ids') {
    throw new TypeError('Cannot pad: found no input_ids, expected encoded inputs');
  }
  const rows: Partial<RowFields>[] = [];
  for (const item of list) {
    const first = rows.length;
    for (const name of names) {
      plainRows(item[name]).forEach((row, i) => {
        rows[first + i] = { ...rows[first + i], [name]: row };
      });
    }
  }
  const rule = { ...options, padding: options.padding ?? true, truncation: false };
  const { padding, maxLength } = resolveStrategies(rule, modelMaxLength);
  const longest = Math.max(...rows.map((row) => row.input_ids!.length));
  const length = roundUp(padding === 'max_length' ? maxLength : longest, rule.pad_to_multiple_of);
  for (const row of rows) {
    if (isMasked) row.attention_mask ??= row.input_ids!.map(() => 1);
    if (padding === 'do_not_pad') continue;
    padFields(row, length, { ...filling.padding(), side: checkSide('padding_side', filling.side) });
  }
  const ids = list[0]!.input_ids as Tensor | unknown[];
  const isTensor = options.return_tensor ?? ids instanceof Tensor;
  const isBatch = list === encoded || !Array.isArray(ids) || Array.isArray(ids[0]);
  const kept = Object.keys(rows[0]!) as Field[];
  const listOf = (name: Field) => {
    const lists = rows.map((row) => row[name]!);
    return [name, isBatch ? lists : lists[0]];
  };
  const fields = isTensor ? tensorsOf(kept, rows) : Object.fromEntries(kept.map(listOf));
  return new BatchEncoding<V>(fields as Partial<EncodingFields<V>>, rows.length, noView, 1);
}

/** Padded inputs have no texts to look tokens up in. */
function noView(): never {
  throw new TypeError('Cannot look up a token: found padded inputs, expected the result of a call');
}

/** One row, rows, or a Tensor of rows, as rows of numbers. */
function plainRows(value: unknown): number[][] {
  const rows = (value instanceof Tensor ? value.tolist() : value) as Row | Row[];
  return ((Array.isArray(rows[0]) ? rows : [rows]) as Row[]).map((row) => row.map(Number));
}

type Row = (number | bigint)[];
