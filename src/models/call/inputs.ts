/**
 * The arguments of a model call -> one request to the engine, with Python's defaults. Every shape,
 * id and position is checked here, so that no lookup can leave its table.
 */

import type { MobileBertConfig } from '../../config/config.ts';
import type { Request } from '../../engine/engine.ts';
import { InputError } from '../../errors.ts';
import { expectDims, type Flat, floats, integers, type TensorLike } from './tensor-like.ts';

/**
 * Arguments that every model takes, as in Hugging Face's modeling_mobilebert.py. Tensors of ids
 * take any dtype that holds integers. B batch, S sequence length, E embedding_size.
 */
export interface EncoderInputs {
  /** [B,S] token ids, 0 .. vocab_size - 1. Required unless `inputs_embeds` is given. */
  input_ids?: TensorLike | null;
  /** [B,S]: 0 for tokens that attention leaves out, such as padding; default 1. */
  attention_mask?: TensorLike | null;
  /**
   * [B,S] segments, 0 .. type_vocab_size - 1; [1,S] or [S] is used for every sequence. Default 0.
   */
  token_type_ids?: TensorLike | null;
  /**
   * [B,S] positions, 0 .. max_position_embeddings - 1; [1,S] or [S] is used for every sequence.
   * Default 0 .. S - 1.
   */
  position_ids?: TensorLike | null;
  /** [B,S,E] word embeddings, float32, in place of `input_ids`. */
  inputs_embeds?: TensorLike | null;
  /** Whether to return `hidden_states`; default `config.output_hidden_states`. */
  output_hidden_states?: boolean | null;
  /** Whether to return `attentions`; default `config.output_attentions`. */
  output_attentions?: boolean | null;
  /** Checked once, when the call begins: an aborted call rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** A request to the engine for B sequences of S rows each; padding is masked. */
export interface Batch extends Omit<Request, 'outputs'> {
  readonly B: number;
  readonly S: number;
}

/** @throws TypeError unless `inputs` is an object */
export function checkInputs(inputs: EncoderInputs): void {
  if (typeof inputs === 'object' && inputs !== null) return;
  throw new TypeError(
    `Cannot run the model: inputs are ${inputs === null ? 'null' : `of type ${typeof inputs}`}, expected an object such as { input_ids }`,
  );
}

/**
 * Checks the arguments of a call and fills in Python's defaults.
 *
 * @throws InputError or TypeError naming the argument, what was found and what was expected
 */
export function batchOf(inputs: EncoderInputs, config: MobileBertConfig): Batch {
  const words = wordsOf(inputs, config);
  const [B, S] = words.dims as [number, number];
  if (B === 0 || S === 0) {
    throw new InputError(`Cannot run the model: batch has dims [${B}, ${S}], expected at least 1`);
  }
  const P = config.max_position_embeddings;
  if (S > P && !inputs.position_ids) {
    throw new InputError(
      `Cannot run the model: sequences have ${S} tokens, expected at most max_position_embeddings (${P}); truncate the text, or pass position_ids`,
    );
  }
  const T = config.type_vocab_size;
  const mask = inputs.attention_mask ? floats('attention_mask', inputs.attention_mask) : null;
  if (mask) expectDims('attention_mask', mask.dims, [B, S], 'B,S');
  return {
    B,
    S,
    lengths: new Int32Array(B).fill(S),
    ...words.rows,
    attentionMask: Int32Array.from({ length: B * S }, (_, i) => (mask?.data[i] === 0 ? 0 : 1)),
    tokenTypeIds: inputs.token_type_ids
      ? rows('token_type_ids', integers('token_type_ids', inputs.token_type_ids, T), B, S)
      : new Int32Array(B * S),
    positionIds: inputs.position_ids
      ? rows('position_ids', integers('position_ids', inputs.position_ids, P), B, S)
      : Int32Array.from({ length: B * S }, (_, i) => i % S),
  };
}

interface Words {
  readonly dims: readonly number[];
  readonly rows: { inputIds: Int32Array } | { inputsEmbeds: Float32Array };
}

function wordsOf({ input_ids, inputs_embeds }: EncoderInputs, config: MobileBertConfig): Words {
  if (Boolean(input_ids) === Boolean(inputs_embeds)) {
    const found = input_ids ? 'both' : 'neither';
    throw new InputError(
      `Cannot run the model: found ${found} of input_ids and inputs_embeds, expected exactly one`,
    );
  }
  if (input_ids) {
    const { data, dims } = integers('input_ids', input_ids, config.vocab_size);
    expectDims('input_ids', dims, [-1, -1], 'B,S');
    return { dims, rows: { inputIds: data } };
  }
  const { data, dims } = floats('inputs_embeds', inputs_embeds!);
  expectDims('inputs_embeds', dims, [-1, -1, config.embedding_size], 'B,S,E');
  return { dims: dims.slice(0, 2), rows: { inputsEmbeds: data } };
}

/** [B,S]: [1,S] and [S] are repeated for every sequence. */
function rows(name: string, { data, dims }: Flat<Int32Array>, B: number, S: number): Int32Array {
  const isOne = dims.length === 1 || (dims.length === 2 && dims[0] === 1);
  if (isOne && dims.at(-1) === S) {
    const all = new Int32Array(B * S);
    for (let b = 0; b < B; b++) all.set(data, b * S);
    return all;
  }
  expectDims(name, dims, [B, S], 'B,S');
  return data;
}
