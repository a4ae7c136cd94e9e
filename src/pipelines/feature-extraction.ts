/**
 * feature-extraction: texts -> hidden states, one vector for each token or for each text. The call
 * and its results are transformers.js' (pipelines/feature-extraction.js), but that the last token is
 * a text's own last one, not padding, and that padding is zeros.
 */

import { PreTrainedModel } from '../models/pretrained-model.ts';
import { magnitude } from '../tensor/math.ts';
import { quantize_embeddings } from '../tensor/operations.ts';
import { Tensor } from '../tensor/tensor.ts';
import { checkModel, Pipeline, type PipelineParts } from './base.ts';
import { type EncodeOptions, encode, type Row } from './encode.ts';
import { checkWord } from './options.ts';
import { raggedPasses } from './ragged.ts';
import { textsOf } from './texts.ts';

/** Which positions of a text of S tokens are read; undefined for all. */
const POSITIONS = {
  none: () => undefined,
  mean: () => undefined,
  cls: () => [0],
  first_token: () => [0],
  eos: (S: number) => [S - 1],
  last_token: (S: number) => [S - 1],
} satisfies Record<string, (S: number) => number[] | undefined>;

/** What becomes of the vectors of a text's tokens: all of them, their mean, the first or the last. */
export type Pooling = keyof typeof POSITIONS;

/** All poolings, for messages and checks. */
export const POOLINGS = Object.keys(POSITIONS) as readonly Pooling[];

/** What the bits of eight numbers are packed into: int8, or uint8. */
export const PRECISIONS = ['binary', 'ubinary'] as const;
export type EmbeddingPrecision = (typeof PRECISIONS)[number];

/** What a complaint says was being done. */
const ACTION = 'extract features';

export interface FeatureExtractionOptions extends EncodeOptions {
  /** Default 'none'. [CLS] and [SEP] count as tokens. */
  pooling?: Pooling | undefined;
  /** Bring vectors to length 1. Default `false`. */
  normalize?: boolean | undefined;
  /** Keep of each number whether it is above 0; pooled vectors only. Default `false`. */
  quantize?: boolean | undefined;
  /** Default 'binary'. */
  precision?: EmbeddingPrecision | undefined;
}

/** Numbers, or packed bits. */
export type Embeddings<Quantize> = [Quantize] extends [true]
  ? Tensor<'int8' | 'uint8'>
  : [Quantize] extends [false | undefined]
    ? Tensor<'float32'>
    : Tensor<'float32' | 'int8' | 'uint8'>;

export interface FeatureExtractionPipeline {
  /**
   * Vectors of a text or a batch, in the order of the texts: [B,S,H] without pooling, where S is the
   * longest text and what lies behind shorter ones is zeros; [B,H] with it; [B,H/8] quantized.
   *
   * @throws TypeError or RangeError on inputs and options that make no sense
   */
  <Quantize extends boolean | undefined = false>(
    texts: string | readonly string[],
    options?: FeatureExtractionOptions & { quantize?: Quantize },
  ): Promise<Embeddings<Quantize>>;
}

/**
 * Vectors for texts. Takes a model of any class: a classifier's encoder serves as well.
 *
 * @example
 * const embed = await pipeline('feature-extraction', './models/banking77-intents');
 * const { dims } = await embed(['Hello', 'Bye'], { pooling: 'mean', normalize: true });   // [2,H]
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions, see Callable
export class FeatureExtractionPipeline extends Pipeline<
  PreTrainedModel<never>,
  [texts: string | readonly string[], options?: FeatureExtractionOptions],
  Tensor<'float32' | 'int8' | 'uint8'>
> {
  /** @throws TypeError when the model is none of MobileBERT's */
  constructor(parts: PipelineParts<PreTrainedModel<never>>) {
    super(parts);
    checkModel('feature-extraction', parts.model, PreTrainedModel);
  }

  async _call(
    texts: string | readonly string[],
    options: FeatureExtractionOptions = {},
  ): Promise<Tensor<'float32' | 'int8' | 'uint8'>> {
    const { normalize = false, quantize = false, precision = 'binary', signal } = options;
    const pooling = checkWord(ACTION, 'pooling', options.pooling ?? 'none', POOLINGS);
    const H = this.model.config.hidden_size;
    if (quantize) checkQuantization(pooling, precision, H);
    const samples = textsOf(ACTION, 'texts', texts).map((text) => ({ text }));
    signal?.throwIfAborted();
    const rows = (await encode(samples, this.tokenizer, this.model.config, options)).map(
      (row): Row => ({ ...row, read: POSITIONS[pooling](row.input_ids.length) }),
    );
    const isPooled = pooling !== 'none';
    const S = isPooled ? 1 : rows.reduce((most, row) => Math.max(most, row.input_ids.length), 0);
    const data = new Float32Array(rows.length * S * H);
    const passes = raggedPasses(this.model, rows, ['LastHiddenState'], signal);
    for await (const { indices, buffers } of passes) {
      let start = 0;
      for (const index of indices) {
        const { read, input_ids } = rows[index]!;
        const end = start + H * (read ?? input_ids).length;
        const states = buffers.LastHiddenState!.subarray(start, end);
        const vectors = pooling === 'mean' ? meanOf(states, H) : states;
        if (normalize) normalizeRows(vectors, H);
        data.set(vectors, index * S * H);
        start = end;
      }
    }
    const tensor = new Tensor('float32', data, [rows.length, ...(isPooled ? [] : [S]), H]);
    return quantize ? quantize_embeddings(tensor, precision) : tensor;
  }
}

/** Mean of the rows [S,H], added up in float64. */
function meanOf(states: Float32Array, H: number): Float32Array {
  const sums = new Float64Array(H);
  for (let i = 0; i < states.length; i++) sums[i % H]! += states[i]!;
  const S = states.length / H;
  return Float32Array.from(sums, (sum) => sum / S);
}

/** Brings rows of H numbers to length 1, in place; zeros stay. */
function normalizeRows(vectors: Float32Array, H: number): void {
  for (let start = 0; start < vectors.length; start += H) {
    const row = vectors.subarray(start, start + H);
    const length = magnitude(row) || 1;
    for (let i = 0; i < H; i++) row[i]! /= length;
  }
}

/** What quantize_embeddings would refuse, before the model has run. */
function checkQuantization(pooling: Pooling, precision: unknown, H: number): void {
  if (pooling === 'none') {
    throw new RangeError(
      'Cannot extract features: quantize is set and pooling is "none", expected one vector for each text',
    );
  }
  checkWord(ACTION, 'precision', precision, PRECISIONS);
  if (H % 8 !== 0) {
    throw new RangeError(
      `Cannot extract features: quantize is set and hidden_size is ${H}, expected a multiple of 8`,
    );
  }
}
