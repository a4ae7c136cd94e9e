/**
 * Rows of a batch: texts, the special tokens of a template around them, and padding
 * (tokenizers/src/processors/template.rs, utils/padding.rs). A row is a list of runs, which refer to the tokens of its texts. Tokens are
 * copied only once, when a field of the result is written.
 */

import type { Sequence } from '../text/token-buffer.ts';
import type { Side } from './arguments.ts';
import type { RowRanges } from './truncation.ts';

/** A part of a template: the place of a text, or a special token. */
export interface TemplatePart {
  /** 0 for the first text, 1 for the second; -1 for a special token. */
  readonly text: -1 | 0 | 1;
  /** Type id of its tokens. */
  readonly typeId: number;
  /** Content of the special token. */
  readonly token?: string;
  /** Id of the special token. Left out: the one that the vocabulary has for `token`. */
  readonly id?: number;
}

/** What is put around a text, and around the texts of a pair. */
export interface TemplateParts {
  readonly single: readonly TemplatePart[];
  readonly pair: readonly TemplatePart[];
}

/** A template for one text or a pair, ready for use. */
export interface Layout {
  /** Text parts have the id -1. */
  readonly parts: readonly {
    readonly text: number;
    readonly id: number;
    readonly typeId: number;
  }[];
  /** The parts that are texts. */
  readonly texts: Layout['parts'];
  /** Number of special tokens. */
  readonly special: number;
}

/** The layouts of a text and of a pair. */
export interface Template {
  readonly single: Layout;
  readonly pair: Layout;
}

/** [CLS] A [SEP], and [CLS] A [SEP] B [SEP]. */
export function bertTemplate(cls: string, sep: string): TemplateParts {
  const single: TemplatePart[] = [
    { text: -1, typeId: 0, token: cls },
    { text: 0, typeId: 0 },
    { text: -1, typeId: 0, token: sep },
  ];
  const second: TemplatePart[] = [
    { text: 1, typeId: 1 },
    { text: -1, typeId: 1, token: sep },
  ];
  return { single, pair: [...single, ...second] };
}

/** @param idOf gives the id of a token */
export function templateFrom(
  { single, pair }: TemplateParts,
  idOf: (token: string) => number,
): Template {
  const layout = (parts: readonly TemplatePart[]): Layout => {
    const made = parts.map(({ text, typeId, token, id }) => ({
      text,
      id: token === undefined ? -1 : (id ?? idOf(token)),
      typeId,
    }));
    const texts = made.filter(({ text }) => text >= 0);
    return { parts: made, texts, special: made.length - texts.length };
  };
  return { single: layout(single), pair: layout(pair) };
}

/** A number for each token of texts laid out with special tokens. */
export function layOut(
  { parts }: Layout,
  ids: readonly (readonly (number | bigint)[])[],
  numberOf: (part: Layout['parts'][number], id: number) => number,
): number[] {
  return parts.flatMap((part) =>
    part.text < 0
      ? numberOf(part, part.id)
      : ids[part.text]!.map((id) => numberOf(part, Number(id))),
  );
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

/**
 * One row, not padded.
 * @param parts all parts of a layout, or its texts alone
 * @param ranges the range of each text part
 * @param main the ranges of the sample's first row. Others are windows that overflowed: as in the
 *   Rust library, their type ids are 0 for the first text and 1 for the second, whatever the template
 */
export function makeRow(
  sample: number,
  parts: Layout['parts'],
  ranges: RowRanges,
  main: RowRanges,
): Row {
  const runs: Run[] = [];
  let length = 0;
  let rank = 0;
  for (const { text, id, typeId } of parts) {
    if (text < 0) {
      runs.push({ text, from: 0, to: 1, id, typeId, isPadding: false });
      length++;
      continue;
    }
    const range = ranges[rank]!;
    const type = range === main[rank++] ? typeId : text;
    runs.push({ text, from: range[0], to: range[1], id, typeId: type, isPadding: false });
    length += range[1] - range[0];
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
