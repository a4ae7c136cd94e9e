/**
 * TensorFlow's names for the model classes, as transformers 4 had them: the same models, which can
 * also be called by `call`. Weights are read from whatever a checkpoint holds.
 */

import type { EncoderInputs } from '../call/inputs.ts';
import type { MobileBertForPreTrainingOutput } from '../call/outputs.ts';
import {
  MobileBertForMultipleChoice,
  MobileBertForSequenceClassification,
  MobileBertForTokenClassification,
  type MultipleChoiceInputs,
  type SequenceClassificationInputs,
  type TokenClassificationInputs,
} from './classification.ts';
import { MobileBertModel } from './mobilebert-model.ts';
import {
  type MaskedLMInputs,
  MobileBertForMaskedLM,
  MobileBertForNextSentencePrediction,
  MobileBertForPreTraining,
  type NextSentencePredictionInputs,
  type PreTrainingInputs,
} from './pretraining.ts';
import {
  MobileBertForQuestionAnswering,
  type QuestionAnsweringInputs,
} from './question-answering.ts';

/** `MobileBertForPreTrainingOutput` under TensorFlow's name. */
export type TFMobileBertForPreTrainingOutput = MobileBertForPreTrainingOutput;

/** `MobileBertModel` under TensorFlow's name. */
export class TFMobileBertModel extends MobileBertModel {
  /** The same as calling the model. */
  override call(inputs: EncoderInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForPreTraining` under TensorFlow's name. */
export class TFMobileBertForPreTraining extends MobileBertForPreTraining {
  /** The same as calling the model. */
  override call(inputs: PreTrainingInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForMaskedLM` under TensorFlow's name. */
export class TFMobileBertForMaskedLM extends MobileBertForMaskedLM {
  /** The same as calling the model. */
  override call(inputs: MaskedLMInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForNextSentencePrediction` under TensorFlow's name. */
export class TFMobileBertForNextSentencePrediction extends MobileBertForNextSentencePrediction {
  /** The same as calling the model. */
  override call(inputs: NextSentencePredictionInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForSequenceClassification` under TensorFlow's name. */
export class TFMobileBertForSequenceClassification extends MobileBertForSequenceClassification {
  /** The same as calling the model. */
  override call(inputs: SequenceClassificationInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForMultipleChoice` under TensorFlow's name. */
export class TFMobileBertForMultipleChoice extends MobileBertForMultipleChoice {
  /** The same as calling the model. */
  override call(inputs: MultipleChoiceInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForTokenClassification` under TensorFlow's name. */
export class TFMobileBertForTokenClassification extends MobileBertForTokenClassification {
  /** The same as calling the model. */
  override call(inputs: TokenClassificationInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForQuestionAnswering` under TensorFlow's name. */
export class TFMobileBertForQuestionAnswering extends MobileBertForQuestionAnswering {
  /** The same as calling the model. */
  override call(inputs: QuestionAnsweringInputs) {
    return this._call(inputs);
  }
}
