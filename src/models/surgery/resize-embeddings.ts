/**
 * Changes a model's number of words: `resize_token_embeddings` of Hugging Face's modeling_utils.py
 * and modeling_mobilebert.py. The model gets another engine; the old words' weights are copied to
 * the bit.
 */

import { checkLanguageModelHead } from '../../config/config.ts';
import { rawBytes } from '../../engine/packed/packed-bytes.ts';
import { decoder, type Parameter, parameters, type SlotPart } from '../../weights/names.ts';
import { NormalSource } from '../../weights/normal.ts';
import { dimensionsOf } from '../dimensions.ts';
import { fetchParameter, fetchSlotPart } from '../load/fetch-parameter.ts';
import { storagesOf } from '../load/packed.ts';
import { copyOutliers } from '../load/packed-outliers.ts';
import type { Target } from '../load/placement.ts';
import type { ModelEngine } from '../model-engine.ts';
import { MobileBertConfig } from '../pretrained-config.ts';
import { wordEmbedding } from './input-embeddings.ts';
import { meanRows } from './mean-rows.ts';

/** How `resize_token_embeddings` makes new words. */
export interface ResizeOptions {
  /** Rounds the number of words up to a multiple of this. */
  pad_to_multiple_of?: number | null | undefined;
  /**
   * Whether new words are drawn around the old ones' mean (the default), or with mean 0 and the
   * standard deviation `initializer_range`.
   */
  mean_resizing?: boolean | undefined;
}

/** New rows of a table [rows, width]. */
type MakeRows = (old: Float32Array, width: number) => Float32Array<ArrayBuffer>;

/**
 * Replaces the engine that `holder` has by one with another number of words; false where the number
 * stays.
 *
 * @throws ConfigError or RangeError for a number that does not fit, TypeError for a q8 model with a
 *   decoder; the model is as it was then
 */
export async function resizeEmbeddings(
  from: Target,
  holder: ModelEngine,
  requested: number | null | undefined,
  options: ResizeOptions,
  seed: number,
): Promise<boolean> {
  const config = resizedConfig(from, requested, options);
  if (config.vocab_size === from.config.vocab_size) return false;
  const engine = await holder.make(dimensionsOf(config, from.parts, from.dtype));
  resizeInto({ ...from, engine, config }, from, options, seed);
  holder.replace(engine);
  from.config.vocab_size = config.vocab_size;
  return true;
}

/** The configuration with another number of words. */
function resizedConfig(
  { config, parts, dtype }: Target,
  requested: number | null | undefined,
  { pad_to_multiple_of }: ResizeOptions,
): MobileBertConfig {
  const multiple = pad_to_multiple_of ?? 1;
  const count = requested ?? config.vocab_size;
  if (!(Number.isInteger(multiple) && multiple >= 1 && Number.isInteger(count))) {
    throw new RangeError(
      `Cannot resize token embeddings: found ${count} words in multiples of ${multiple}, expected integers from 1 on`,
    );
  }
  const vocab_size = Math.ceil(count / multiple) * multiple;
  const resized = new MobileBertConfig({ ...config.to_dict(), vocab_size });
  if (parts.languageModel) checkLanguageModelHead(resized);
  // In q8 all words share the scales of the decoder's dense part: new words would change the old
  // ones.
  if (parts.languageModel && dtype === 'q8' && vocab_size !== config.vocab_size) {
    throw new TypeError(
      'Cannot resize token embeddings: the decoder of the masked language model is kept as q8, expected a model loaded with dtype "fp32" (resize, save, then convert)',
    );
  }
  return resized;
}

/** Fills the engine of `to`, which has another number of words. All else is copied. */
function resizeInto(
  to: Target,
  from: Target,
  { mean_resizing = true }: ResizeOptions,
  seed: number,
): void {
  const added = Math.max(0, to.config.vocab_size - from.config.vocab_size);
  const normal = new NormalSource(seed + to.config.vocab_size);
  const rowsFor: MakeRows = (old, width) => {
    if (added > 0 && mean_resizing) return meanRows(old, width, added, normal);
    const rows = new Float32Array(added * width);
    normal.fill(rows, from.config.initializer_range || 0.02);
    return rows;
  };
  copyStorages(to, from);
  copyOutliers(to, from);
  const words = wordEmbedding(from);
  const E = from.config.embedding_size;
  const fresh = rowsFor(fetchParameter(from, words), E);
  store(to, words.slots[0]!, from.config.vocab_size, fresh, E);
  if (to.parts.languageModel) resizeDecoder(to, from, fresh, rowsFor);
}

/** All but the decoder. Rows of a table lie one behind the other, the old words' first. */
function copyStorages(to: Target, from: Target): void {
  const slots = [...parameters(to.config, to.parts)].flatMap((parameter) => parameter.slots);
  for (const at of storagesOf(to.engine, slots)) {
    if (at.slot === 'LmDecoder' || at.slot === 'LmDense') continue;
    const copy = rawBytes(to.engine, at);
    copy.write(0, rawBytes(from.engine, at).read().subarray(0, copy.length));
  }
}

/**
 * A tied decoder takes the new words' embeddings and the bias 0. Another one gets rows and a bias
 * of its own.
 */
function resizeDecoder(
  to: Target,
  from: Target,
  fresh: Float32Array<ArrayBuffer>,
  rowsFor: MakeRows,
): void {
  const { config, parts } = from;
  const { vocab_size: V, embedding_size: E, hidden_size: H, tie_word_embeddings: isTied } = config;
  const [{ slots: weightAt }, { slots: biasAt }] = [...decoder(config)] as [Parameter, Parameter];
  const denseAt = [...parameters(config, parts)]
    .flatMap(({ slots }) => slots)
    .find(({ slot }) => slot === 'LmDense')!;
  const count = to.config.vocab_size;
  const added = Math.max(0, count - V);

  if (H > E) {
    const dense = transposed(fetchSlotPart(from, denseAt, [H - E, V]), V);
    const wider = joined(dense, rowsFor(dense, H - E), count * (H - E));
    store(to, denseAt, 0, transposed(wider, H - E), count);
  }

  const weight = fetchSlotPart(from, weightAt[0]!, [V, E]);
  const rows = isTied ? fresh : rowsFor(weight, E);
  store(to, weightAt[0]!, 0, joined(weight, rows, count * E), E);

  const bias = fetchSlotPart(from, biasAt[0]!, [V]);
  const mean = isTied ? 0 : bias.reduce((sum, x) => sum + x, 0) / V;
  store(to, biasAt[0]!, 0, joined(bias, new Float32Array(added).fill(mean), count), 1);
}

/** Rows from `first` on, in f32. */
function store(
  { engine }: Target,
  slotPart: SlotPart,
  first: number,
  values: Float32Array<ArrayBuffer>,
  width: number,
): void {
  const rows = values.length / Math.max(1, width);
  if (rows > 0) engine.store(slotPart, first, rows, new Uint8Array(values.buffer), 'F32');
}

/** `size` numbers: the old ones, then the new. */
function joined(old: Float32Array, fresh: Float32Array, size: number): Float32Array<ArrayBuffer> {
  const all = new Float32Array(size);
  all.set(old.subarray(0, size));
  if (fresh.length > 0) all.set(fresh, old.length);
  return all;
}

/** [rows, width] -> [width, rows]. */
function transposed(values: Float32Array, width: number): Float32Array<ArrayBuffer> {
  const rows = values.length / Math.max(1, width);
  const turned = new Float32Array(values.length);
  for (let row = 0, i = 0; row < rows; row++) {
    for (let column = 0; column < width; column++, i++) turned[column * rows + row] = values[i]!;
  }
  return turned;
}
