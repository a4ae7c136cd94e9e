/**
 * feature-extraction: texts -> hidden states, one vector for each token or for each text. The call
 * and its results are those of transformers.js (pipelines/feature-extraction.js) with two
 * differences: the last token of a text is never padding, and padding is zeros.
 */

import { PreTrainedModel } from '../models/pretrained-model.ts';
import { magnitude } from '../tensor/math.ts';
import { quantize_embeddings } from '../tensor/operations.ts';
import { Tensor } from '../tensor/tensor.ts';
import { checkWord, textsOf } from './arguments.ts';
import { checkModel, Pipeline, type PipelineParts } from './base.ts';
import { type Row, raggedPasses, vectorsOfRows } from './ragged.ts';
import { type EncodeOptions, encode } from './rows.ts';

/** The positions that a pooling needs of a text of S tokens; undefined for all. */
const POSITIONS = {
  none: () => undefined,
  mean: () => undefined,
  cls: () => [0],
  first_token: () => [0],
  eos: (S: number) => [S - 1],
  last_token: (S: number) => [S - 1],
} satisfies Record<string, (S: number) => number[] | undefined>;

/**
 * How the vectors of a text's tokens become one. 'none': they do not; 'mean': their mean; 'cls' or
 * 'first_token': the first, of [CLS]; 'eos' or 'last_token': the last, of [SEP].
 */
export type Pooling = keyof typeof POSITIONS;

/** All poolings, for checks and messages. */
export const POOLINGS = Object.keys(POSITIONS) as readonly Pooling[];

const PRECISIONS = ['binary', 'ubinary'] as const;

/** What eight packed bits are stored as. 'binary': int8; 'ubinary': uint8. */
export type EmbeddingPrecision = (typeof PRECISIONS)[number];

/** The action that error messages name. */
const ACTION = 'extract features';

export interface FeatureExtractionOptions extends EncodeOptions {
  /** How a text gets one vector. [CLS] and [SEP] count as tokens. Default 'none': one per token. */
  pooling?: Pooling | undefined;
  /** Whether vectors are scaled to length 1 (L2 norm). Default `false`. */
  normalize?: boolean | undefined;
  /**
   * Whether each number becomes one bit: is it above 0? Needs a pooling and a hidden size that is a
   * multiple of 8. Default `false`.
   */
  quantize?: boolean | undefined;
  /** How the bits of `quantize` are stored: 'binary' (default) in int8, 'ubinary' in uint8. */
  precision?: EmbeddingPrecision | undefined;
}

/** float32 vectors or, with `quantize`, packed bits. */
export type Embeddings<Quantize> = [Quantize] extends [true]
  ? Tensor<'int8' | 'uint8'>
  : [Quantize] extends [false | undefined]
    ? Tensor<'float32'>
    : Tensor<'float32' | 'int8' | 'uint8'>;

export interface FeatureExtractionPipeline {
  /**
   * Computes the vectors of a text, or of a batch of B texts in its order. Without pooling they are
   * [B,S,H], where S is the token count of the longest text and shorter texts are filled up with
   * zeros; with pooling [B,H]; quantized [B,H/8]. For a single text B is 1.
   *
   * @throws TypeError for an argument of the wrong type, RangeError for an empty list or a wrong
   * option, InputError for texts that the model cannot read
   */
  <Quantize extends boolean | undefined = false>(
    texts: string | readonly string[],
    options?: FeatureExtractionOptions & { quantize?: Quantize },
  ): Promise<Embeddings<Quantize>>;
}

/**
 * Computes vectors for texts. It accepts a model of any class: a classifier's encoder serves as
 * well.
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
  /** @throws TypeError when the model is no PreTrainedModel */
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
      (row): Row => ({ ...row, selected: POSITIONS[pooling](row.input_ids.length) }),
    );
    const isPooled = pooling !== 'none';
    const S = isPooled ? 1 : rows.reduce((most, row) => Math.max(most, row.input_ids.length), 0);
    const data = new Float32Array(rows.length * S * H);
    const passes = raggedPasses(this.model, rows, ['LastHiddenState'], signal);
    for await (const pass of passes) {
      for (const [index, states] of vectorsOfRows(pass, 'LastHiddenState', rows, H)) {
        const vectors = pooling === 'mean' ? meanOf(states, H) : states;
        if (normalize) normalizeRows(vectors, H);
        data.set(vectors, index * S * H);
      }
    }
    const tensor = new Tensor('float32', data, [rows.length, ...(isPooled ? [] : [S]), H]);
    return quantize ? quantize_embeddings(tensor, precision) : tensor;
  }
}

/** Mean [H] of the rows [S,H], summed in float64. */
function meanOf(states: Float32Array, H: number): Float32Array {
  const sums = new Float64Array(H);
  for (let i = 0; i < states.length; i++) sums[i % H]! += states[i]!;
  const S = states.length / H;
  return Float32Array.from(sums, (sum) => sum / S);
}

/** Scales rows of H numbers to length 1, in place; zeros stay zeros. */
function normalizeRows(vectors: Float32Array, H: number): void {
  for (let start = 0; start < vectors.length; start += H) {
    const row = vectors.subarray(start, start + H);
    const length = magnitude(row) || 1;
    for (let i = 0; i < H; i++) row[i]! /= length;
  }
}

/** Throws before the model runs what quantize_embeddings would throw afterwards. */
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
