/**
 * fill-mask: texts with [MASK] -> the words that fit there. The call and its results are those of
 * transformers.js (pipelines/fill-mask.js); targets and several masks are those of Python
 * (pipelines/fill_mask.py). Logits of the vocabulary are computed for masked tokens only.
 */

import { InputError } from '../errors.ts';
import { warn } from '../log.ts';
import { MobileBertForMaskedLM } from '../models/heads/pretraining.ts';
import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';
import { checkInteger, textsOf } from './arguments.ts';
import { checkModel, Pipeline, type PipelineParts } from './base.ts';
import { type Row, raggedPasses, vectorsOfRows } from './ragged.ts';
import { type EncodeOptions, encode } from './rows.ts';
import { topIndices } from './scores.ts';

/** A word for a mask. */
export interface MaskFill {
  /** Probability of the token: the softmax over the whole vocabulary. */
  score: number;
  /** Id of the token. */
  token: number;
  /** The token as text. */
  token_str: string;
  /**
   * The text with the word in place of the mask. If the text has several masks, the others and the
   * special tokens are kept: '[CLS] my card is [MASK] . [SEP]'.
   */
  sequence: string;
}

export interface FillMaskOptions extends EncodeOptions {
  /** How many words to give for each mask, the best first. Default 5. */
  top_k?: number | undefined;
  /**
   * Considers these words only. A word that is not in the vocabulary is replaced by its first
   * subword, with a warning. Scores stay probabilities over the whole vocabulary. Default: all
   * words.
   */
  targets?: string | readonly string[] | null | undefined;
}

/** The words for a text: an array, or for a text with several masks an array for each mask. */
export type TextFills = MaskFill[] | MaskFill[][];

export interface FillMaskPipeline {
  /**
   * Finds words for the masks of a text, or of each text of a batch in its order.
   *
   * @throws TypeError for an argument of the wrong type or a tokenizer without a mask token,
   * RangeError for an empty list or a wrong option, InputError for a text without a mask and texts
   * that the model cannot read
   */
  <Input extends string | readonly string[]>(
    texts: Input,
    options?: FillMaskOptions,
  ): Promise<Input extends string ? TextFills : TextFills[]>;
}

/**
 * Finds words for masks.
 *
 * @example
 * const fill = await pipeline('fill-mask', 'google/mobilebert-uncased'); await fill('Paris is the
 * [MASK] of France.', { top_k: 2 }); // [{ score: 0.99, token: 3007, token_str: 'capital',
 * sequence: 'paris is the capital of france.' }, ...]
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions, see Callable
export class FillMaskPipeline extends Pipeline<
  MobileBertForMaskedLM,
  [texts: string | readonly string[], options?: FillMaskOptions],
  TextFills | TextFills[]
> {
  /** @throws TypeError when the model is no MobileBertForMaskedLM */
  constructor(parts: PipelineParts<MobileBertForMaskedLM>) {
    super(parts);
    checkModel('fill-mask', parts.model, MobileBertForMaskedLM);
  }

  async _call(
    texts: string | readonly string[],
    options: FillMaskOptions = {},
  ): Promise<TextFills | TextFills[]> {
    const { model, tokenizer } = this;
    const { signal } = options;
    const samples = textsOf('fill masks', 'texts', texts).map((text) => ({ text }));
    const top_k = checkInteger('fill masks', 'top_k', options.top_k ?? 5, 1);
    const targets =
      options.targets == null
        ? null
        : targetIds(textsOf('fill masks', 'targets', options.targets), this);
    signal?.throwIfAborted();
    const rows = withMasks(await encode(samples, tokenizer, model.config, options), tokenizer);
    const results = new Array<TextFills>(rows.length);
    const V = model.config.vocab_size;
    const passes = raggedPasses(model, rows, ['VocabularyLogits'], signal);
    for await (const pass of passes) {
      for (const [index, vectors] of vectorsOfRows(pass, 'VocabularyLogits', rows, V)) {
        const row = rows[index]!;
        const fills = row.selected.map((position, i) => {
          const logits = vectors.subarray(i * V, (i + 1) * V);
          return bestTokens(logits, targets, top_k).map(({ score, token }) =>
            this.#fill(row, position, token, score),
          );
        });
        results[index] = fills.length === 1 ? fills[0]! : fills;
      }
    }
    return Array.isArray(texts) ? results : results[0]!;
  }

  #fill(row: MaskedRow, position: number, token: number, score: number): MaskFill {
    const { input_ids, selected } = row;
    const ids = [...input_ids];
    ids[position] = token;
    return {
      score,
      token,
      token_str: this.#decode([token], false),
      sequence: this.#decode(
        ids.filter((id) => id !== this.tokenizer.pad_token_id),
        selected.length === 1,
      ),
    };
  }

  /** The text of ids. Ids that only the model has, not its tokenizer, are left out. */
  #decode(ids: readonly number[], skip_special_tokens: boolean): string {
    const { tokenizer } = this;
    const known = ids.filter((id) => id < tokenizer.length);
    return tokenizer.decode(known, { skip_special_tokens });
  }
}

/** A row and the positions of its masks. */
interface MaskedRow extends Row {
  readonly selected: readonly number[];
}

function withMasks(rows: readonly Row[], tokenizer: PreTrainedTokenizer): MaskedRow[] {
  const { mask_token, mask_token_id } = tokenizer;
  if (mask_token_id === null) {
    throw new TypeError('Cannot fill masks: tokenizer has no mask_token, expected one to be set');
  }
  return rows.map((row, i) => {
    const selected = row.input_ids.flatMap((id, position) =>
      id === mask_token_id ? position : [],
    );
    if (selected.length > 0) return { ...row, selected };
    throw new InputError(
      `Cannot fill masks: text ${i} has no ${mask_token} among its ${row.input_ids.length} tokens, expected at least one`,
    );
  });
}

/** Ids of the target words, without duplicates. */
function targetIds(
  targets: readonly string[],
  { tokenizer, model }: Pick<FillMaskPipeline, 'tokenizer' | 'model'>,
): Int32Array {
  const V = model.config.vocab_size;
  const ids = new Set<number>();
  for (const target of targets) {
    const known = tokenizer.convert_tokens_to_ids(target);
    const isToken = known !== tokenizer.unk_token_id || target === tokenizer.unk_token;
    const id = isToken ? known : tokenizer.encode(target, { add_special_tokens: false })[0];
    if (id !== undefined && id >= V) {
      throw new InputError(
        `Cannot fill masks: target ${JSON.stringify(target)} has the id ${id}, expected less than the model's vocab_size (${V})`,
      );
    }
    if (id !== undefined) ids.add(id);
    if (isToken) continue;
    const instead =
      id === undefined
        ? 'it has no subwords and is ignored'
        : `${JSON.stringify(tokenizer.convert_ids_to_tokens(id))} is used instead`;
    warn(`target ${JSON.stringify(target)} is not in the vocabulary, ${instead}`);
  }
  if (ids.size > 0) return Int32Array.from(ids);
  throw new RangeError('Cannot fill masks: targets hold no tokens, expected at least one');
}

/** The best tokens of logits [V], or of the target ids, scored by the softmax over all V. */
function bestTokens(logits: Float32Array, targets: Int32Array | null, top_k: number) {
  let largest = -Infinity;
  for (const logit of logits) if (logit > largest) largest = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp(logit - largest);
  const candidates = targets ? Float32Array.from(targets, (id) => logits[id]!) : logits;
  return topIndices(candidates, top_k).map((i) => {
    const token = targets ? targets[i]! : i;
    return { token, score: Math.exp(logits[token]! - largest) / sum };
  });
}
