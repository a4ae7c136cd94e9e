/**
 * The heads of pre-training, masked language model and next sentence, each alone and both together:
 * MobileBertForMaskedLM, MobileBertForNextSentencePrediction and MobileBertForPreTraining of
 * Hugging Face's modeling_mobilebert.py. B batch, S sequence length, V `config.vocab_size`.
 */

import {
  checkLanguageModelHead,
  type MobileBertConfig,
  type MobileBertConfigOptions,
} from '../../config/config.ts';
import type { OutputName } from '../../engine/engine.ts';
import type { HeadParts } from '../../weights/names.ts';
import type { Batch, EncoderInputs } from '../call/inputs.ts';
import { crossEntropy, labelsOf, lossOf } from '../call/losses.ts';
import type {
  MaskedLMOutput,
  MobileBertForPreTrainingOutput,
  NextSentencePredictorOutput,
} from '../call/outputs.ts';
import { type TensorLike, tensor } from '../call/tensor-like.ts';
import type { EngineOptions } from '../options.ts';
import { type Buffers, PreTrainedModel } from '../pretrained-model.ts';

/** Arguments of MobileBertForMaskedLM. */
export interface MaskedLMInputs extends EncoderInputs {
  /** [B,S]: the right token ids, 0 .. V - 1, or -100 for tokens that the loss ignores. */
  labels?: TensorLike | null;
}

/** Arguments of MobileBertForNextSentencePrediction. */
export interface NextSentencePredictionInputs extends EncoderInputs {
  /**
   * [B]: 0 where the second text follows the first, 1 where it is random, -100 to ignore a pair.
   */
  labels?: TensorLike | null;
}

/** Arguments of MobileBertForPreTraining. There is a loss where `labels` and this are given. */
export interface PreTrainingInputs extends MaskedLMInputs {
  /**
   * [B]: 0 where the second text follows the first, 1 where it is random, -100 to ignore a pair.
   */
  next_sentence_label?: TensorLike | null;
}

/**
 * Predicts tokens: ids [B,S] -> logits [B,S,V]. The constructor throws a ConfigError where
 * `hidden_size` is smaller than `embedding_size`.
 */
export class MobileBertForMaskedLM extends PreTrainedModel<MaskedLMInputs, MaskedLMOutput> {
  constructor(
    config: MobileBertConfig | MobileBertConfigOptions = {},
    options: EngineOptions = {},
  ) {
    super(config, options);
    checkLanguageModelHead(this.config);
  }

  protected override architecture() {
    return 'MobileBertForMaskedLM';
  }

  protected override parts(): HeadParts {
    return { languageModel: true };
  }

  protected override outputs(): OutputName[] {
    return ['VocabularyLogits'];
  }

  protected override reader({ labels }: MaskedLMInputs, { B, S }: Batch) {
    const V = this.config.vocab_size;
    const words = labels && labelsOf('labels', labels, [B, S], V);
    return ({ VocabularyLogits }: Buffers) => ({
      ...lossOf(words && crossEntropy(VocabularyLogits!, V, words)),
      logits: tensor(VocabularyLogits!, [B, S, V]),
    });
  }
}

/** Tells whether the second text of a pair follows the first: ids [B,S] -> logits [B,2]. */
export class MobileBertForNextSentencePrediction extends PreTrainedModel<
  NextSentencePredictionInputs,
  NextSentencePredictorOutput
> {
  protected override architecture() {
    return 'MobileBertForNextSentencePrediction';
  }

  protected override parts(): HeadParts {
    return { pooler: true, sequence: { name: 'cls.seq_relationship', labels: 2 } };
  }

  protected override outputs(): OutputName[] {
    return ['SequenceLogits'];
  }

  protected override reader({ labels }: NextSentencePredictionInputs, { B }: Batch) {
    const followers = labels && labelsOf('labels', labels, [B], 2);
    return ({ SequenceLogits }: Buffers) => ({
      ...lossOf(followers && crossEntropy(SequenceLogits!, 2, followers)),
      logits: tensor(SequenceLogits!, [B, 2]),
    });
  }
}

/**
 * Both heads of pre-training: ids [B,S] -> prediction_logits [B,S,V] and seq_relationship_logits
 * [B,2]. The constructor throws a ConfigError where `hidden_size` is smaller than `embedding_size`.
 */
export class MobileBertForPreTraining extends PreTrainedModel<
  PreTrainingInputs,
  MobileBertForPreTrainingOutput
> {
  constructor(
    config: MobileBertConfig | MobileBertConfigOptions = {},
    options: EngineOptions = {},
  ) {
    super(config, options);
    checkLanguageModelHead(this.config);
  }

  protected override architecture() {
    return 'MobileBertForPreTraining';
  }

  protected override parts(): HeadParts {
    return {
      pooler: true,
      languageModel: true,
      sequence: { name: 'cls.seq_relationship', labels: 2 },
    };
  }

  protected override outputs(): OutputName[] {
    return ['VocabularyLogits', 'SequenceLogits'];
  }

  protected override reader({ labels, next_sentence_label }: PreTrainingInputs, batch: Batch) {
    const { B, S } = batch;
    const V = this.config.vocab_size;
    const words = labels && labelsOf('labels', labels, [B, S], V);
    const followers =
      next_sentence_label && labelsOf('next_sentence_label', next_sentence_label, [B], 2);
    return (buffers: Buffers) => {
      const [prediction, sentence] = [buffers.VocabularyLogits!, buffers.SequenceLogits!];
      const loss =
        words &&
        followers &&
        crossEntropy(prediction, V, words) + crossEntropy(sentence, 2, followers);
      return {
        ...lossOf(loss),
        prediction_logits: tensor(prediction, [B, S, V]),
        seq_relationship_logits: tensor(sentence, [B, 2]),
      };
    };
  }
}
