/**
 * The texts of one call and their tokens. A text is first encoded without source spans, and encoded
 * again with them when its spans or word numbers are asked for. The tokens are the same both times,
 * because the added tokens of a batch never change.
 */

import type { AddedVocabulary } from '../text/added-tokens.ts';
import type { Encoder } from '../text/encoder.ts';
import { shown } from '../text/shown.ts';
import type { Sequence } from '../text/token-buffer.ts';
import { codePointsBefore } from '../text/unicode.ts';
import type { CallOptions, Sample, Side } from './arguments.ts';
import type { IdTensorClass, TokenView } from './batch-encoding.ts';
import type { Padding, Row, Template } from './rows.ts';

/** The settings of a tokenizer that a call reads. They may change between calls. */
export interface CallSettings {
  /** Most tokens a model takes; Infinity when nothing limits the length. */
  model_max_length: number;
  /** The side that is padded. */
  padding_side: Side;
  /** The side that is cut off. */
  truncation_side: Side;
  /** Whether special tokens in a text are ordinary text. */
  split_special_tokens: boolean;
  /** Fields that a result has by default. */
  model_input_names: readonly string[];
}

/** Everything that a call reads of its tokenizer, except the added tokens, which may grow. */
export interface TokenizerState {
  readonly settings: Readonly<CallSettings>;
  /** Class of the Tensors in results. */
  readonly Tensor: IdTensorClass;
  readonly encoder: Encoder;
  /** What is put around texts. */
  readonly template: Template;
  /** Id and type id of padding. @throws TypeError without a padding token */
  readonly padding: () => Omit<Padding, 'side'>;
  /** Warnings that were given: each is given once. */
  readonly warned: Set<string>;
}

/** Texts and their tokens. */
export class Batch {
  readonly samples: readonly Sample[];
  /** For each sample the tokens of its text, or of its two texts. */
  readonly sequences: readonly Sequence[][];
  readonly #encoder: Encoder;
  readonly #added: AddedVocabulary;
  readonly #skipsSpecial: boolean;
  readonly #unit: CallOptions['offset_unit'];
  readonly #tracked: (Sequence[] | undefined)[];
  /** By sample. Made once for each, because a text may have as many rows as it has tokens. */
  readonly #spans: (SpanReader[] | undefined)[] = [];

  constructor(
    { encoder, settings }: TokenizerState,
    added: AddedVocabulary,
    samples: readonly Sample[],
    options: CallOptions,
  ) {
    this.samples = samples;
    this.#encoder = encoder;
    this.#added = added;
    this.#skipsSpecial = options.split_special_tokens ?? settings.split_special_tokens;
    this.#unit = options.offset_unit;
    const isTracked = options.return_offsets_mapping === true;
    this.sequences = samples.map((sample) => this.#encode(sample, isTracked));
    this.#tracked = isTracked ? [...this.sequences] : [];
  }

  /** The tokens of a sample with source spans and word numbers. */
  tracked(index: number): Sequence[] {
    this.#tracked[index] ??= this.#encode(this.samples[index]!, true);
    return this.#tracked[index];
  }

  /** The source span of each token of a row; [0, 0] for special tokens and padding. */
  offsets({ sample, runs }: Row): [number, number][] {
    this.#spans[sample] ??= this.tracked(sample).map((sequence, i) =>
      spanReader(sequence, this.samples[sample]![i]!, this.#unit),
    );
    const offsets: [number, number][] = [];
    for (const { text, from, to } of runs) {
      const span = this.#spans[sample][text];
      for (let i = from; i < to; i++) offsets.push(span ? span(i) : [0, 0]);
    }
    return offsets;
  }

  /** The tokens of a row, for the look-ups of BatchEncoding. */
  view(row: Row): TokenView[] {
    const tracked = this.tracked(row.sample);
    const offsets = this.offsets(row);
    const view: TokenView[] = [];
    for (const { text, from, to, id } of row.runs) {
      const sequence = tracked[text];
      for (let i = from; i < to; i++) {
        const token = this.#added.token(sequence ? sequence.ids[i]! : id);
        view.push({
          token: sequence?.texts.get(i) ?? token ?? '',
          sequence: sequence ? text : null,
          word: sequence?.words[i] ?? null,
          span: offsets[view.length]!,
        });
      }
    }
    return view;
  }

  #encode(sample: Sample, isTracked: boolean): Sequence[] {
    return sample.map((text) =>
      this.#encoder.encode(text, this.#added, isTracked, this.#skipsSpecial),
    );
  }
}

/** Gives the source span [start, end) of a token by its index. */
type SpanReader = (token: number) => [number, number];

/**
 * Reads the source spans of a tracked sequence in the given unit: UTF-16 units, as `slice`, or code
 * points, as Python. Spans of given words are relative to their word.
 * @throws RangeError for an unknown unit
 */
function spanReader(
  { starts, ends, words }: Sequence,
  source: Sample[number],
  unit: 'utf16' | 'codepoint' = 'utf16',
): SpanReader {
  if (unit === 'utf16') return (token) => [starts[token]!, ends[token]!];
  if (unit !== 'codepoint') {
    throw new RangeError(
      `Cannot tokenize: offset_unit is ${shown(unit)}, expected "utf16" or "codepoint"`,
    );
  }
  const known = new Map<string, Int32Array | undefined>();
  return (token) => {
    const text = typeof source === 'string' ? source : source[words[token]!]!;
    const before = known.has(text) ? known.get(text) : codePointsBefore(text);
    known.set(text, before);
    const span: [number, number] = [starts[token]!, ends[token]!];
    return before ? [before[span[0]]!, before[span[1]]!] : span;
  };
}
