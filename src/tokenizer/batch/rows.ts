/**
 * Rows of a batch: [CLS] A [SEP] B [SEP] and padding (tokenizers/src/processors/template.rs,
 * utils/padding.rs). A row is a list of runs, which refer to the tokens of its texts. Tokens are
 * copied only once, when a field of the result is written.
 */

import type { Sequence } from '../text/token-buffer.ts';
import type { Side } from './arguments.ts';
import type { RowRanges } from './truncation.ts';

/** Ids of the special tokens that are put around texts. */
export interface Template {
  cls: number;
  sep: number;
}

/** How rows are padded. */
export interface Padding {
  id: number;
  typeId: number;
  side: Side;
}

/** A field of a row, with one number per token. */
export type Field = 'input_ids' | 'token_type_ids' | 'attention_mask' | 'special_tokens_mask';

/** Neighbouring tokens of a row: a range of a text, a special token, or padding. */
export interface Run {
  /** Index of the text; -1 for special tokens and padding. */
  text: number;
  /** Tokens [from, to) of the text; without a text, to - from is their number. */
  from: number;
  to: number;
  /** Id of every token, when they are not of a text. */
  id: number;
  typeId: number;
  isPadding: boolean;
}

/** A row of the result. */
export interface Row {
  /** Index of its sample. */
  sample: number;
  /** Number of tokens. */
  length: number;
  runs: Run[];
}

/** Number of special tokens around a text or a pair. */
export function countSpecial(isPair: boolean): number {
  return isPair ? 3 : 2;
}

/** One row, not padded. Without a template it has no special tokens. */
export function makeRow(sample: number, ranges: RowRanges, template: Template | undefined): Row {
  const runs: Run[] = [];
  let length = 0;
  const add = (text: number, from: number, to: number, id: number, typeId: number) => {
    runs.push({ text, from, to, id, typeId, isPadding: false });
    length += to - from;
  };
  if (template) add(-1, 0, 1, template.cls, 0);
  for (let text = 0; text < ranges.length; text++) {
    const [from, to] = ranges[text]!;
    add(text, from, to, -1, text);
    if (template) add(-1, 0, 1, template.sep, text);
  }
  return { sample, length, runs };
}

/** Pads a row to `length` tokens. */
export function padRow(row: Row, length: number, { id, typeId, side }: Padding): void {
  if (length <= row.length) return;
  const run = { text: -1, from: 0, to: length - row.length, id, typeId, isPadding: true };
  if (side === 'left') row.runs.unshift(run);
  else row.runs.push(run);
  row.length = length;
}

/** Writes one number for each token of a row to out[at], out[at + step], and so on. */
export function writeField(
  field: Field,
  { runs }: Row,
  sequences: readonly Sequence[],
  out: { [index: number]: number },
  at: number,
  step: number,
): void {
  let to = at;
  for (const run of runs) {
    const end = to + (run.to - run.from) * step;
    if (field === 'input_ids' && run.text >= 0) {
      const { ids } = sequences[run.text]!;
      for (let i = run.from; to < end; to += step) out[to] = ids[i++]!;
    } else {
      const value = commonValue(run, field);
      for (; to < end; to += step) out[to] = value;
    }
  }
}

/** The number that a field has for all tokens of a run. */
function commonValue(run: Run, field: Field): number {
  if (field === 'input_ids') return run.id;
  if (field === 'token_type_ids') return run.typeId;
  if (field === 'attention_mask') return run.isPadding ? 0 : 1;
  return run.text < 0 ? 1 : 0;
}

/** `length`, or the next multiple of `multiple`. */
export function roundUp(length: number, multiple: number | null | undefined): number {
  return multiple ? Math.ceil(length / multiple) * multiple : length;
}
