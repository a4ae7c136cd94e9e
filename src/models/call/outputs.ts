/**
 * What model calls return: plain objects of Tensors under the names of Hugging Face's
 * modeling_outputs.py. Every tensor is float32, row-major. B batch, S sequence length, H
 * hidden_size, L num_hidden_layers, A num_attention_heads, C labels, V vocab_size, N choices.
 */

import type { MobileBertConfig } from '../../config/config.ts';
import { keptHeads } from '../../config/pruned-heads.ts';
import type { OutputName } from '../../engine/engine.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { Batch } from './inputs.ts';
import { tensor } from './tensor-like.ts';

type Floats = Tensor<'float32'>;

/** Outputs that every model has on request. */
export interface EncoderOutput {
  /**
   * L + 1 tensors [B,S,H]: the embeddings, then the output of each block. Present with
   * `output_hidden_states`.
   */
  hidden_states?: Floats[];
  /**
   * L tensors [B,A,S,S]: the attention weights of each block, after softmax; A leaves out the heads
   * pruned from that block. Present with `output_attentions`.
   */
  attentions?: Floats[];
}

/** Output of MobileBertModel. */
export interface BaseModelOutputWithPooling extends EncoderOutput {
  /** [B,S,H]: the output of the last block. */
  last_hidden_state: Floats;
  /** [B,H]: the first token's, pooled. Absent with `add_pooling_layer: false`. */
  pooler_output?: Floats;
}

/** Output of a model with a head. */
export interface WithLoss extends EncoderOutput {
  /** []: the loss, a mean over the labels that are not ignored. Present where labels were given. */
  loss?: Floats;
}

/** Output of MobileBertForPreTraining. Its loss is the sum of both heads' losses. */
export interface MobileBertForPreTrainingOutput extends WithLoss {
  /** [B,S,V]: scores of the masked language model, before softmax. */
  prediction_logits: Floats;
  /** [B,2]: scores before softmax that the second text follows the first (0), or is random (1). */
  seq_relationship_logits: Floats;
}

/** Output of MobileBertForMaskedLM. */
export interface MaskedLMOutput extends WithLoss {
  /** [B,S,V]: scores of each token of the vocabulary, before softmax. */
  logits: Floats;
}

/** Output of MobileBertForNextSentencePrediction. */
export interface NextSentencePredictorOutput extends WithLoss {
  /** [B,2]: scores before softmax that the second text follows the first (0), or is random (1). */
  logits: Floats;
}

/** Output of MobileBertForSequenceClassification. */
export interface SequenceClassifierOutput extends WithLoss {
  /** [B,C]: scores before softmax or sigmoid; the values themselves for regression. */
  logits: Floats;
}

/** Output of MobileBertForMultipleChoice. */
export interface MultipleChoiceModelOutput extends WithLoss {
  /** [B,N]: scores of the choices, before softmax. */
  logits: Floats;
}

/** Output of MobileBertForTokenClassification. */
export interface TokenClassifierOutput extends WithLoss {
  /** [B,S,C]: scores before softmax. */
  logits: Floats;
}

/** Output of MobileBertForQuestionAnswering. Its loss is the mean of the start's and the end's. */
export interface QuestionAnsweringModelOutput extends WithLoss {
  /** [B,S]: scores of each token as the first of the answer, before softmax. */
  start_logits: Floats;
  /** [B,S]: scores of each token as the last of the answer, before softmax. */
  end_logits: Floats;
}

// ---- buffers of a pass -> tensors of every block ----

/** The requested outputs of one pass by the engine's names; flat, row-major. */
export type Buffers = Partial<Record<OutputName, Float32Array>>;

/** L + 1 tensors [B,S,H]. */
export function hiddenStatesOf(
  { HiddenStates }: Buffers,
  { B, S }: Batch,
  { num_hidden_layers, hidden_size }: MobileBertConfig,
): Floats[] {
  return split(HiddenStates!, num_hidden_layers + 1, [B, S, hidden_size]);
}

/** L tensors [B,A,S,S], without the heads that are pruned from a block. */
export function attentionsOf(
  { Attentions }: Buffers,
  { B, S }: Batch,
  config: MobileBertConfig,
): Floats[] {
  const A = config.num_attention_heads;
  const all = split(Attentions!, config.num_hidden_layers, [B, A, S, S]);
  return all.map((attentions, layer) => {
    const heads = keptHeads(config, layer);
    return heads.length === A ? attentions : selectHeads(attentions, heads);
  });
}

/** [B,A,S,S] -> [B,heads.length,S,S]. */
function selectHeads({ data, dims }: Floats, heads: readonly number[]): Floats {
  const [B, A, S] = dims as [number, number, number];
  const selected = new Float32Array(B * heads.length * S * S);
  for (let b = 0, to = 0; b < B; b++) {
    for (const head of heads) {
      const from = (b * A + head) * S * S;
      selected.set(data.subarray(from, from + S * S), to);
      to += S * S;
    }
  }
  return tensor(selected, [B, heads.length, S, S]);
}

/** `count` tensors of `dims` that lie back to back in `data`; views, not copies. */
function split(data: Float32Array, count: number, dims: readonly number[]): Floats[] {
  const size = dims.reduce((product, n) => product * n, 1);
  return Array.from({ length: count }, (_, i) =>
    tensor(data.subarray(i * size, (i + 1) * size), dims),
  );
}
