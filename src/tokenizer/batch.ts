/**
 * The texts of one call, encoded: at once without source spans, and again with them when something
 * asks for a text's spans or word numbers. The second time gives the same tokens, because the added
 * tokens a batch was made with never change.
 */

import type { AddedVocabulary } from './added-tokens.ts';
import type { RowView } from './batch-encoding.ts';
import type { Encoder } from './encoder.ts';
import type { Sample } from './inputs.ts';
import type { CallOptions, Side } from './options.ts';
import { type Padding, placesOf, type Row, type Template } from './rows.ts';
import { spansOf } from './spans.ts';
import type { Sequence } from './token-buffer.ts';

/** What a call needs of its tokenizer. */
export interface TokenizerState {
  encoder: Encoder;
  added: AddedVocabulary;
  template: Template;
  /** What rows are padded with. @throws TypeError where there is no padding token */
  padding: () => Omit<Padding, 'side'>;
  paddingSide: Side;
  truncationSide: Side;
  modelMaxLength: number;
  inputNames: readonly string[];
  splitSpecialTokens: boolean;
}

/** Texts and their tokens. */
export class Batch {
  readonly samples: readonly Sample[];
  /** For each text, or pair, its tokens. */
  readonly sequences: readonly Sequence[][];
  readonly #state: TokenizerState;
  readonly #skipsSpecial: boolean;
  readonly #unit: CallOptions['offset_unit'];
  readonly #tracked: (Sequence[] | undefined)[];

  constructor(state: TokenizerState, samples: readonly Sample[], options: CallOptions) {
    this.samples = samples;
    this.#state = state;
    this.#skipsSpecial = options.split_special_tokens ?? state.splitSpecialTokens;
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

  /** What the look-ups of a row need. */
  view(row: Row): RowView {
    const { sample, input_ids } = row;
    const { sequences, indices } = placesOf(row);
    const tracked = this.tracked(sample);
    const spans = tracked.map((s, i) => spansOf(s, this.samples[sample]![i]!, this.#unit));
    const tokenOf = (id: number) => this.#state.added.token(id) ?? '';
    return {
      tokens: input_ids.map(
        (id, i) => tracked[sequences[i]!]?.texts.get(indices[i]!) ?? tokenOf(id),
      ),
      sequenceIds: sequences.map((sequence) => (sequence < 0 ? null : sequence)),
      wordIds: indices.map((index, i) => tracked[sequences[i]!]?.words[index] ?? null),
      offsets: indices.map((index, i) => spans[sequences[i]!]?.[index] ?? [0, 0]),
    };
  }

  #encode(sample: Sample, isTracked: boolean): Sequence[] {
    const { encoder, added } = this.#state;
    return sample.map((text) => encoder.encode(text, added, isTracked, this.#skipsSpecial));
  }
}
