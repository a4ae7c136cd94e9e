/**
 * Reading and replacing a model's word embedding: `get_input_embeddings` and
 * `set_input_embeddings`.
 */

import { InputError } from '../../errors.ts';
import { LARGEST_HALF } from '../../numerics/half.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Parameter, parameters } from '../../weights/names.ts';
import { floats, type TensorLike, tensor } from '../call/tensor-like.ts';
import { fetchParameter } from '../load/fetch-parameter.ts';
import { destination, type Target } from '../load/placement.ts';

/** The word embedding under the names of torch.nn.Embedding. */
export interface InputEmbeddings {
  readonly num_embeddings: number;
  readonly embedding_dim: number;
  /** [num_embeddings, embedding_dim] */
  readonly weight: Tensor<'float32'>;
}

/** A copy of the word embedding, in f32 whatever it is kept in. */
export function inputEmbeddings(target: Target): InputEmbeddings {
  const words = wordEmbedding(target);
  const [num_embeddings, embedding_dim] = words.shape as [number, number];
  const weight = tensor(fetchParameter(target, words), words.shape);
  return { num_embeddings, embedding_dim, weight };
}

/**
 * Replaces the values of the word embedding and of what is tied to it.
 *
 * @throws InputError for other dims, TypeError for what is no tensor, RangeError for numbers that
 *   halves cannot hold; nothing is written then
 */
export function replaceInputEmbeddings(target: Target, weight: TensorLike): void {
  const words = wordEmbedding(target);
  const { data, dims } = floats('weight', weight);
  if (dims.length !== 2 || dims.some((dim, i) => dim !== words.shape[i])) {
    throw new InputError(
      `Cannot set input embeddings: weight has dims [${dims.join(', ')}], expected [${words.shape.join(', ')}]; resize_token_embeddings makes another number of words`,
    );
  }
  const odd =
    target.dtype === 'fp16' ? data.find((x) => !(Math.abs(x) <= LARGEST_HALF)) : undefined;
  if (odd !== undefined) {
    throw new RangeError(
      `Cannot set input embeddings: weight holds ${odd}, expected what half precision holds (up to ${LARGEST_HALF})`,
    );
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  target.engine.openWeights(() =>
    destination(target.engine, words).write(0, words.shape[0]!, bytes, 'F32'),
  );
}

/** The word embedding's parameter; its slots are those of a tied decoder too. */
export function wordEmbedding({ config, parts }: Omit<Target, 'engine'>): Parameter {
  const all = parameters(config, parts);
  return [...all].find(({ slots }) => slots[0]?.slot === 'WordEmbeddings')!;
}
