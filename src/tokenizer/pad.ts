/**
 * Padding inputs that are encoded already (`pad` of transformers' tokenization_utils_base.py). In:
 * one encoding, a batch of them, or a list of single ones. Out: the same fields at one length.
 */

import { Tensor } from '../tensor/tensor.ts';
import { BatchEncoding, type EncodingFields } from './batch-encoding.ts';
import { type FieldWriter, listMaker, tensorMaker } from './fields.ts';
import { checkSide, type LengthOptions, resolveStrategies, type Side } from './options.ts';
import { type Field, roundUp } from './rows.ts';

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

/** The fields of one row. */
type Row = Partial<Record<Field, number[]>>;

/** The fields that are padded; others of the inputs are left out. */
const FIELDS: readonly Field[] = [
  'input_ids',
  'token_type_ids',
  'attention_mask',
  'special_tokens_mask',
];

/**
 * Pads.
 * @throws TypeError on inputs without input_ids, or without a padding token; RangeError where the
 *   fields of a row differ in length
 */
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
  const rows = list.flatMap((item) => rowsOf(item, names));
  const rule = { ...options, padding: options.padding ?? true, truncation: false };
  const { padding, maxLength } = resolveStrategies(rule, modelMaxLength);
  if (isMasked) for (const row of rows) row.attention_mask ??= row.input_ids!.map(() => 1);
  if (padding !== 'do_not_pad') {
    const longest = rows.reduce((most, row) => Math.max(most, row.input_ids!.length), 0);
    const target = padding === 'max_length' ? maxLength : longest;
    padRows(rows, roundUp(target, rule.pad_to_multiple_of), filling);
  }
  const ids = list[0]!.input_ids as Tensor | unknown[];
  const isTensor = options.return_tensor ?? ids instanceof Tensor;
  const isBatch = list === encoded || !Array.isArray(ids) || Array.isArray(ids[0]);
  const write: FieldWriter = (name, row, out, at, step) => {
    rows[row]![name]!.forEach((value, i) => {
      out[at + i * step] = value;
    });
  };
  const found = Object.keys(rows[0]!) as Field[];
  const lengths = rows.map((row) => row.input_ids!.length);
  const make = isTensor
    ? tensorMaker(found.length, lengths, write)
    : listMaker(lengths, write, !isBatch);
  const result = new BatchEncoding<unknown>(rows.length, noView, 1);
  for (const name of found) result[name] = make(name);
  return result as BatchEncoding<V>;
}

/** The rows of one encoding, or one of a list. @throws RangeError where a row's fields differ */
function rowsOf(item: Record<string, unknown>, names: readonly Field[]): Row[] {
  const fields = names.map((name) => numbersOf(name, item[name]));
  return fields[0]!.map((ids, row) => {
    const lists = names.map((name, i) => {
      const list = fields[i]![row];
      if (list?.length === ids.length) return [name, list];
      throw new RangeError(
        `Cannot pad: ${name} of row ${row} has ${list?.length ?? 'no'} numbers, expected ${ids.length} as input_ids`,
      );
    });
    return Object.fromEntries(lists);
  });
}

function padRows(rows: readonly Row[], length: number, { padding, side }: Filling): void {
  checkSide('padding_side', side);
  const { id, typeId } = padding();
  const values = [id, typeId, 0, 1];
  for (const row of rows) {
    FIELDS.forEach((name, i) => {
      if (row[name]) row[name] = padList(row[name], length, values[i]!, side);
    });
  }
}

/** A list brought to `length` numbers. */
function padList(list: number[], length: number, value: number, side: Side): number[] {
  const missing = new Array<number>(Math.max(0, length - list.length)).fill(value);
  return side === 'left' ? missing.concat(list) : list.concat(missing);
}

/** Padded inputs have no texts to look tokens up in. */
function noView(): never {
  throw new TypeError('Cannot look up a token: found padded inputs, expected the result of a call');
}

/** One row, rows, or a Tensor of rows, as rows of numbers. @throws TypeError for anything else */
function numbersOf(name: Field, value: unknown): number[][] {
  const rows = value instanceof Tensor ? value.tolist() : value;
  if (!Array.isArray(rows)) {
    throw new TypeError(`Cannot pad: ${name} is ${typeof value}, expected numbers or a Tensor`);
  }
  return (Array.isArray(rows[0]) ? rows : [rows]).map((row: Ids) => row.map(Number));
}

type Ids = readonly (number | bigint)[];
