/** What a pass leaves behind, and the tensors of every block among it. */

import type { MobileBertConfig } from '../../config/config.ts';
import { keptHeads } from '../../config/pruned-heads.ts';
import type { OutputName } from '../../engine/engine.ts';
import type { Tensor } from '../../tensor/tensor.ts';
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

/** L tensors [B,A,S,S], of the heads that are not pruned. */
export function attentionsOf(
  { Attentions }: Buffers,
  { B, S }: Batch,
  config: MobileBertConfig,
): Tensor<'float32'>[] {
  const A = config.num_attention_heads;
  const all = split(Attentions!, config.num_hidden_layers, [B, A, S, S]);
  return all.map((attentions, layer) => {
    const heads = keptHeads(config, layer);
    return heads.length === A ? attentions : ofHeads(attentions, heads);
  });
}

/** Some heads of attentions [B,A,S,S]. */
function ofHeads({ data, dims }: Tensor<'float32'>, heads: readonly number[]): Tensor<'float32'> {
  const [B, A, S] = dims as [number, number, number];
  const kept = new Float32Array(B * heads.length * S * S);
  for (let b = 0, to = 0; b < B; b++) {
    for (const head of heads) {
      const from = (b * A + head) * S * S;
      kept.set(data.subarray(from, from + S * S), to);
      to += S * S;
    }
  }
  return tensor(kept, [B, heads.length, S, S]);
}

/** `count` tensors of `dims` that lie one behind the other. */
function split(data: Float32Array, count: number, dims: readonly number[]): Tensor<'float32'>[] {
  const size = dims.reduce((product, n) => product * n, 1);
  return Array.from({ length: count }, (_, i) =>
    tensor(data.subarray(i * size, (i + 1) * size), dims),
  );
}
