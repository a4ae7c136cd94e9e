/**
 * Rows of a batch: [CLS] A [SEP] B [SEP] around ranges of sequences, and padding (tokenizers/src/
 * processors/template.rs, utils/padding.rs).
 */

import type { Side } from './options.ts';
import type { Sequence } from './token-buffer.ts';
import type { RowRanges } from './truncation.ts';

/** Ids of the special tokens around texts. */
export interface Template {
  cls: number;
  sep: number;
}

/** What padding puts in. */
export interface Padding {
  id: number;
  typeId: number;
  side: Side;
}

/** The fields of a row, each with one number per token. */
export interface RowFields {
  input_ids: number[];
  token_type_ids: number[];
  attention_mask: number[];
  special_tokens_mask?: number[];
}

/** Name of such a field. */
export type Field = keyof RowFields;

/** A row of the result. */
export interface Row extends RowFields {
  /** Number of the text it is of. */
  sample: number;
  ranges: RowRanges;
  /** Whether special tokens are around the texts. */
  isSpecial: boolean;
  /** Where its padding is. */
  side: Side;
}

/** For each token of a row which text it is of, -1 for none, and its number there. */
export interface Places {
  sequences: number[];
  indices: number[];
}

/** Number of special tokens around a text, or around a pair. */
export function countSpecial(isPair: boolean): number {
  return isPair ? 3 : 2;
}

/** One row, without padding; no special tokens where there is no template. */
export function makeRow(
  sample: number,
  texts: readonly Sequence[],
  ranges: RowRanges,
  template: Template | undefined,
): Row {
  const input_ids: number[] = [];
  const token_type_ids: number[] = [];
  const attention_mask: number[] = [];
  const push = (id: number, type: number) => {
    input_ids.push(id);
    token_type_ids.push(type);
    attention_mask.push(1);
  };
  if (template) push(template.cls, 0);
  for (let text = 0; text < ranges.length; text++) {
    const { ids } = texts[text]!;
    const [from, to] = ranges[text]!;
    for (let i = from; i < to; i++) push(ids[i]!, text);
    if (template) push(template.sep, text);
  }
  const isSpecial = template !== undefined;
  return { sample, ranges, isSpecial, side: 'right', input_ids, token_type_ids, attention_mask };
}

/** Where the tokens of a row come from. */
export function placesOf({ ranges, isSpecial, side, input_ids }: Row): Places {
  const sequences: number[] = [];
  const indices: number[] = [];
  const push = (sequence: number, index: number) => {
    sequences.push(sequence);
    indices.push(index);
  };
  if (isSpecial) push(-1, 0);
  ranges.forEach(([from, to], sequence) => {
    for (let i = from; i < to; i++) push(sequence, i);
    if (isSpecial) push(-1, 0);
  });
  const { length } = input_ids;
  return {
    sequences: padList(sequences, length, -1, side),
    indices: padList(indices, length, 0, side),
  };
}

/** A list brought to `length` numbers. */
function padList(list: number[], length: number, value: number, side: Side): number[] {
  const missing = new Array<number>(Math.max(0, length - list.length)).fill(value);
  return side === 'left' ? missing.concat(list) : list.concat(missing);
}

/** Pads the fields of a row to `length` numbers. */
export function padFields(
  row: Partial<RowFields>,
  length: number,
  { id, typeId, side }: Padding,
): void {
  const values = {
    input_ids: id,
    token_type_ids: typeId,
    attention_mask: 0,
    special_tokens_mask: 1,
  };
  for (const [name, value] of Object.entries(values)) {
    const list = row[name as Field];
    if (list) row[name as Field] = padList(list, length, value, side);
  }
}

/** `length`, or the next multiple of `multiple`. */
export function roundUp(length: number, multiple: number | null | undefined): number {
  return multiple ? Math.ceil(length / multiple) * multiple : length;
}
