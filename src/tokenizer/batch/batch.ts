/**
 * The texts of one call, encoded: at once without source spans, and again with them when something
 * asks for a text's spans or word numbers. The second time gives the same tokens, because the added
 * tokens a batch was made with never change.
 */

import type { CallOptions } from '../api/options.ts';
import type { TokenizerSettings } from '../api/settings.ts';
import type { AddedVocabulary } from '../text/added-tokens.ts';
import type { Encoder } from '../text/encoder.ts';
import type { Sequence } from '../text/token-buffer.ts';
import type { IdTensorClass, TokenView } from './batch-encoding.ts';
import type { Sample } from './inputs.ts';
import type { Padding, Row, Template } from './rows.ts';
import { type SpanReader, spanReader } from './spans.ts';

/** What a call needs of its tokenizer, beside the added tokens there are at the time. */
export interface TokenizerState {
  readonly settings: Readonly<TokenizerSettings>;
  /** The class of the Tensors in results. */
  readonly Tensor: IdTensorClass;
  readonly encoder: Encoder;
  readonly template: Template;
  /** What rows are padded with. @throws TypeError where there is no padding token */
  readonly padding: () => Omit<Padding, 'side'>;
}

/** Texts and their tokens. */
export class Batch {
  readonly samples: readonly Sample[];
  /** For each text, or pair, its tokens. */
  readonly sequences: readonly Sequence[][];
  readonly #encoder: Encoder;
  readonly #added: AddedVocabulary;
  readonly #skipsSpecial: boolean;
  readonly #unit: CallOptions['offset_unit'];
  readonly #tracked: (Sequence[] | undefined)[];
  /** Made once for each text, because a text may have as many rows as tokens. */
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

  /** The tokens of a text, or pair, with source spans and word numbers. */
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

  /** What the look-ups of a row need. */
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
