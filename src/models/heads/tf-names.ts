/**
 * The model classes under TensorFlow's names, as in transformers 4. They differ in one point:
 * `call` calls the model. Checkpoints may hold weights of any format, not TensorFlow's alone.
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
  /** Same as calling the model: `model(inputs)`. */
  override call(inputs: EncoderInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForPreTraining` under TensorFlow's name. */
export class TFMobileBertForPreTraining extends MobileBertForPreTraining {
  /** Same as calling the model: `model(inputs)`. */
  override call(inputs: PreTrainingInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForMaskedLM` under TensorFlow's name. */
export class TFMobileBertForMaskedLM extends MobileBertForMaskedLM {
  /** Same as calling the model: `model(inputs)`. */
  override call(inputs: MaskedLMInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForNextSentencePrediction` under TensorFlow's name. */
export class TFMobileBertForNextSentencePrediction extends MobileBertForNextSentencePrediction {
  /** Same as calling the model: `model(inputs)`. */
  override call(inputs: NextSentencePredictionInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForSequenceClassification` under TensorFlow's name. */
export class TFMobileBertForSequenceClassification extends MobileBertForSequenceClassification {
  /** Same as calling the model: `model(inputs)`. */
  override call(inputs: SequenceClassificationInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForMultipleChoice` under TensorFlow's name. */
export class TFMobileBertForMultipleChoice extends MobileBertForMultipleChoice {
  /** Same as calling the model: `model(inputs)`. */
  override call(inputs: MultipleChoiceInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForTokenClassification` under TensorFlow's name. */
export class TFMobileBertForTokenClassification extends MobileBertForTokenClassification {
  /** Same as calling the model: `model(inputs)`. */
  override call(inputs: TokenClassificationInputs) {
    return this._call(inputs);
  }
}

/** `MobileBertForQuestionAnswering` under TensorFlow's name. */
export class TFMobileBertForQuestionAnswering extends MobileBertForQuestionAnswering {
  /** Same as calling the model: `model(inputs)`. */
  override call(inputs: QuestionAnsweringInputs) {
    return this._call(inputs);
  }
}
