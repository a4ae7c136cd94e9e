/**
 * fill-mask: texts with [MASK] -> the words that fit there. The call and its results are
 * transformers.js' (pipelines/fill-mask.js); targets and several masks are Python's
 * (pipelines/fill_mask.py). Only masked tokens meet the vocabulary.
 */

import { InputError } from '../errors.ts';
import { warn } from '../log.ts';
import { MobileBertForMaskedLM } from '../models/heads/pretraining.ts';
import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';
import { checkModel, Pipeline, type PipelineParts } from './base.ts';
import { type EncodeOptions, encode, type Row } from './encode.ts';
import { checkInteger } from './options.ts';
import { raggedPasses } from './ragged.ts';
import { topIndices } from './scores.ts';
import { textsOf } from './texts.ts';

/** One word in the place of a mask. */
export interface MaskFill {
  score: number;
  /** Token id. */
  token: number;
  token_str: string;
  /** The text with the word in it; where it has several masks, with [CLS], [SEP] and the others. */
  sequence: string;
}

export interface FillMaskOptions extends EncodeOptions {
  /** How many words, best first. Default 5. */
  top_k?: number | undefined;
  /**
   * The only words that are asked for. Of a word that is no token the first piece is taken. Scores
   * stay shares of the whole vocabulary.
   */
  targets?: string | readonly string[] | null | undefined;
}

/** Fills of a text: a list, or with several masks a list for each. */
export type TextFills = MaskFill[] | MaskFill[][];

export interface FillMaskPipeline {
  /**
   * Fills the masks of a text or a batch; results are in the order of the texts.
   *
   * @throws InputError for a text without a mask, TypeError or RangeError on inputs and options that
   * make no sense
   */
  <Input extends string | readonly string[]>(
    texts: Input,
    options?: FillMaskOptions,
  ): Promise<Input extends string ? TextFills : TextFills[]>;
}

/**
 * Words for masks.
 *
 * @example
 * const fill = await pipeline('fill-mask', 'google/mobilebert-uncased');
 * await fill('Paris is the [MASK] of France.', { top_k: 2 });
 * // [{ score: 0.99, token: 3007, token_str: 'capital', sequence: 'paris is the capital of france.' }, ...]
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
    for await (const { indices, buffers } of passes) {
      let at = 0;
      for (const index of indices) {
        const row = rows[index]!;
        const fills = row.read.map((position) => {
          const logits = buffers.VocabularyLogits!.subarray(at, at + V);
          at += V;
          return bestTokens(logits, targets, top_k).map(({ score, token }) =>
            this.#fill(row, position, token, score),
          );
        });
        results[index] = fills.length === 1 ? fills[0]! : fills;
      }
    }
    return Array.isArray(texts) ? results : results[0]!;
  }

  #fill({ input_ids, read }: MaskedRow, position: number, token: number, score: number): MaskFill {
    const ids = [...input_ids];
    ids[position] = token;
    return {
      score,
      token,
      token_str: this.#decode([token], false),
      sequence: this.#decode(
        ids.filter((id) => id !== this.tokenizer.pad_token_id),
        read.length === 1,
      ),
    };
  }

  /** Text of ids; a model may have words beyond those of its tokenizer, which read as nothing. */
  #decode(ids: readonly number[], skip_special_tokens: boolean): string {
    const { tokenizer } = this;
    const known = ids.filter((id) => id < tokenizer.length);
    return tokenizer.decode(known, { skip_special_tokens });
  }
}

/** A row of which only the masks are read. */
interface MaskedRow extends Row {
  readonly read: readonly number[];
}

function withMasks(rows: readonly Row[], tokenizer: PreTrainedTokenizer): MaskedRow[] {
  const { mask_token, mask_token_id } = tokenizer;
  if (mask_token_id === null) {
    throw new TypeError('Cannot fill masks: tokenizer has no mask_token, expected one to be set');
  }
  return rows.map((row, i) => {
    const read = row.input_ids.flatMap((id, position) => (id === mask_token_id ? position : []));
    if (read.length > 0) return { ...row, read };
    throw new InputError(
      `Cannot fill masks: text ${i} has no ${mask_token} among its ${row.input_ids.length} tokens, expected at least one`,
    );
  });
}

/** Ids of the words, each once. */
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
        ? 'and has no pieces, it is ignored'
        : `${JSON.stringify(tokenizer.convert_ids_to_tokens(id))} is taken instead`;
    warn(`target ${JSON.stringify(target)} is no token of the vocabulary, ${instead}`);
  }
  if (ids.size > 0) return Int32Array.from(ids);
  throw new RangeError('Cannot fill masks: targets hold no tokens, expected at least one');
}

/** The best of the vocabulary [V], or of some of its ids, with their shares of the whole. */
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
