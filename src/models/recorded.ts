/** What a pass leaves behind, and the tensors of every block among it. */

import type { MobileBertConfig } from '../config.ts';
import type { OutputName } from '../engine/engine.ts';
import type { Tensor } from '../tensor/tensor.ts';
import type { Batch } from './inputs.ts';
import { tensor } from './tensor-like.ts';

/** The buffers that a pass left behind, by name. */
export type Buffers = Partial<Record<OutputName, Float32Array>>;

/** L + 1 tensors [B,S,H]. */
export function hiddenStatesOf(
  { HiddenStates }: Buffers,
  { B, S }: Batch,
  { num_hidden_layers, hidden_size }: MobileBertConfig,
): Tensor<'float32'>[] {
  return split(HiddenStates!, num_hidden_layers + 1, [B, S, hidden_size]);
}

/** L tensors [B,A,S,S]. */
export function attentionsOf(
  { Attentions }: Buffers,
  { B, S }: Batch,
  { num_hidden_layers, num_attention_heads }: MobileBertConfig,
): Tensor<'float32'>[] {
  return split(Attentions!, num_hidden_layers, [B, num_attention_heads, S, S]);
}

/** `count` tensors of `dims` that lie one behind the other. */
function split(data: Float32Array, count: number, dims: readonly number[]): Tensor<'float32'>[] {
  const size = dims.reduce((product, n) => product * n, 1);
  return Array.from({ length: count }, (_, i) =>
    tensor(data.subarray(i * size, (i + 1) * size), dims),
  );
}
