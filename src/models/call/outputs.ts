/**
 * What model calls return: plain objects of Tensors under Hugging Face's names (modeling_outputs.py).
 * B batch, S sequence length, H hidden_size, L num_hidden_layers, A num_attention_heads, C labels,
 * V vocab_size, N choices. All float32.
 */

import type { Tensor } from '../../tensor/tensor.ts';

type Floats = Tensor<'float32'>;

/** Common to all. */
export interface EncoderOutput {
  /** L + 1 tensors [B,S,H]: the embeddings and every block's output, with `output_hidden_states`. */
  hidden_states?: Floats[];
  /** L tensors [B,A,S,S]: softmax weights of every block, with `output_attentions`. */
  attentions?: Floats[];
}

export interface BaseModelOutputWithPooling extends EncoderOutput {
  /** [B,S,H] */
  last_hidden_state: Floats;
  /** [B,H]; absent from a model made without its pooling layer. */
  pooler_output?: Floats;
}

/** Outputs with a loss have it where labels were given. */
export interface WithLoss extends EncoderOutput {
  /** [], the mean over what counts. */
  loss?: Floats;
}

export interface MobileBertForPreTrainingOutput extends WithLoss {
  /** [B,S,V] */
  prediction_logits: Floats;
  /** [B,2] */
  seq_relationship_logits: Floats;
}

export interface MaskedLMOutput extends WithLoss {
  /** [B,S,V] */
  logits: Floats;
}

export interface NextSentencePredictorOutput extends WithLoss {
  /** [B,2]: the second text follows the first, or is a random one. */
  logits: Floats;
}

export interface SequenceClassifierOutput extends WithLoss {
  /** [B,C] */
  logits: Floats;
}

export interface MultipleChoiceModelOutput extends WithLoss {
  /** [B,N] */
  logits: Floats;
}

export interface TokenClassifierOutput extends WithLoss {
  /** [B,S,C] */
  logits: Floats;
}

export interface QuestionAnsweringModelOutput extends WithLoss {
  /** [B,S] */
  start_logits: Floats;
  /** [B,S] */
  end_logits: Floats;
}
