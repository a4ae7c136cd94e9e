/**
 * Pads inputs that are already encoded (`pad` of transformers' tokenization_utils_base.py). In: one
 * encoding, a batch, or a list of encodings. Out: the same fields, with rows of one length.
 */

import { checkOptionNames, type OptionNames } from '../../options.ts';
import { DataTensor } from '../../tensor/data-tensor.ts';
import { shown } from '../text/shown.ts';
import { type CallOptions, checkSide, type LengthOptions, resolveStrategies } from './arguments.ts';
import type { TokenizerState } from './batch.ts';
import { BatchEncoding, type EncodingFields, type IdTensor } from './batch-encoding.ts';
import { wantsTensors } from './call.ts';
import { type FieldWriter, fieldMaker } from './fields.ts';
import { type Field, roundUp } from './rows.ts';

/** Encoded inputs: the fields of one encoding or batch, or a list of encodings. */
export type PadInput<V> =
  | Partial<EncodingFields<V>>
  | readonly Partial<EncodingFields<number[] | IdTensor>>[];

/** Options of `pad`. */
export interface PadOptions extends Omit<LengthOptions, 'truncation'> {
  return_attention_mask?: boolean | null;
  /** As in a call. */
  return_tensors?: CallOptions['return_tensors'];
  /** Default: Tensors when the inputs are Tensors, arrays when they are arrays. */
  return_tensor?: boolean | null;
}

/** The rows of each field. */
type Columns = Partial<Record<Field, readonly (readonly number[])[]>>;

const NAMES: OptionNames<PadOptions> = {
  padding: true,
  max_length: true,
  pad_to_multiple_of: true,
  padding_side: true,
  return_attention_mask: true,
  return_tensor: true,
  return_tensors: true,
};

/** The fields that are padded. Others are kept as they are. */
const FIELDS: readonly Field[] = [
  'input_ids',
  'token_type_ids',
  'attention_mask',
  'special_tokens_mask',
];

/**
 * Pads encoded inputs.
 * @throws TypeError for inputs without input_ids, or without a padding token; RangeError when the
 *   fields of a row differ in length
 */
export function padEncoded<V>(
  encoded: PadInput<V>,
  { Tensor, padding: paddingOf, settings }: TokenizerState,
  options: PadOptions,
): BatchEncoding<V> {
  checkOptionNames('pad', options, NAMES);
  const list = (Array.isArray(encoded) ? encoded : [encoded]) as Record<string, unknown>[];
  const columns = columnsOf(list);
  const rows = columns.input_ids!;
  const isMasked =
    options.return_attention_mask ?? settings.model_input_names.includes('attention_mask');
  if (isMasked) columns.attention_mask ??= rows.map((row) => row.map(() => 1));
  const rule = { ...options, padding: options.padding ?? true, truncation: false };
  const { padding, maxLength } = resolveStrategies(rule, settings.model_max_length);
  const side = checkSide('padding_side', options.padding_side ?? settings.padding_side);
  const isPadded = padding !== 'do_not_pad';
  const { id, typeId } = isPadded ? paddingOf() : { id: 0, typeId: 0 };
  const values = {
    input_ids: id,
    token_type_ids: typeId,
    attention_mask: 0,
    special_tokens_mask: 1,
  };
  const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
  const target = roundUp(padding === 'max_length' ? maxLength : longest, rule.pad_to_multiple_of);
  const lengths = rows.map((row) => (isPadded ? Math.max(row.length, target) : row.length));
  const write: FieldWriter = (name, row, out, at, step) => {
    const numbers = columns[name]![row]!;
    const shift = side === 'left' ? lengths[row]! - numbers.length : 0;
    for (let i = 0; i < lengths[row]!; i++) out[at + i * step] = numbers[i - shift] ?? values[name];
  };
  const ids = list[0]!.input_ids;
  const wanted = options.return_tensors ?? options.return_tensor;
  const isTensor =
    wanted == null ? ids instanceof DataTensor : wantsTensors(options as CallOptions);
  const isFlat = list !== encoded && Array.isArray(ids) && !Array.isArray(ids[0]);
  const names = Object.keys(columns) as Field[];
  const make = fieldMaker(isTensor && Tensor, isFlat, names.length, lengths, write);
  const result = new BatchEncoding<unknown>(rows.length, noView, 1);
  for (const name of names) result[name] = make(name);
  for (const name of otherNames(list)) {
    const value = list === encoded ? list.map((item) => item[name]) : list[0]![name];
    Object.assign(result, { [name]: value });
  }
  return result as BatchEncoding<V>;
}

/** The rows of all encodings by field. @throws RangeError when fields of a row differ in length */
function columnsOf(list: readonly Record<string, unknown>[]): Columns {
  const columns: Columns = {};
  for (const name of FIELDS) {
    if (!list.some((item) => item?.[name] !== undefined)) continue;
    const rows = list.flatMap((item) => numbersOf(name, item?.[name]));
    columns[name] = rows;
    columns.input_ids?.forEach(({ length }, i) => {
      if (rows[i]?.length === length) return;
      throw new RangeError(
        `Cannot pad: ${name} of row ${i} has ${rows[i]?.length ?? 'no'} numbers, expected ${length} as input_ids`,
      );
    });
  }
  if (columns.input_ids) return columns;
  throw new TypeError('Cannot pad: found no input_ids, expected encoded inputs');
}

/** Names of the fields that are not padded, such as `labels`. */
function otherNames(list: readonly Record<string, unknown>[]): string[] {
  const padded: readonly string[] = FIELDS;
  const names = new Set(list.flatMap((item) => Object.keys(item)));
  return [...names].filter((name) => !padded.includes(name));
}

/** Rows of numbers, from one row, rows, or a Tensor. @throws TypeError for anything else */
function numbersOf(name: Field, value: unknown): number[][] {
  const rows = value instanceof DataTensor ? value.tolist() : value;
  if (!Array.isArray(rows)) {
    throw new TypeError(`Cannot pad: ${name} is ${typeof value}, expected numbers or a Tensor`);
  }
  return (Array.isArray(rows[0]) ? rows : [rows]).map((row: unknown) => {
    if (Array.isArray(row) && row.every(isNumber)) return row.map(Number);
    throw new TypeError(`Cannot pad: ${name} has ${shown(row)} for a row, expected numbers`);
  });
}

/** Padded inputs have no source texts, so look-ups fail. */
function noView(): never {
  throw new TypeError('Cannot look up a token: found padded inputs, expected the result of a call');
}

function isNumber(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}
