/**
 * The Auto classes of transformers: one for each task. MobileBERT is the only architecture here, so
 * each stands for one class.
 */

import type { Source } from '../../hub/source.ts';
import type { FromPretrainedOptions } from '../options.ts';
import {
  MobileBertForMultipleChoice,
  MobileBertForSequenceClassification,
  MobileBertForTokenClassification,
} from './classification.ts';
import { MobileBertModel } from './mobilebert-model.ts';
import {
  MobileBertForMaskedLM,
  MobileBertForNextSentencePrediction,
  MobileBertForPreTraining,
} from './pretraining.ts';
import { MobileBertForQuestionAnswering } from './question-answering.ts';

/** An Auto class; `M` is the model that it loads. */
export interface AutoClass<M> {
  /**
   * Loads a checkpoint, as `M.from_pretrained` does.
   *
   * @throws ConfigError for a `model_type` other than "mobilebert"; FilesError, WeightsError
   */
  from_pretrained(source: Source, options?: FromPretrainedOptions): Promise<M>;
}

const auto = <M>(load: AutoClass<M>['from_pretrained']): AutoClass<M> => ({
  from_pretrained: load,
});

/** Loads MobileBertModel. */
export const AutoModel = auto((source, options) =>
  MobileBertModel.from_pretrained(source, options),
);
/** Loads MobileBertForPreTraining. */
export const AutoModelForPreTraining = auto((source, options) =>
  MobileBertForPreTraining.from_pretrained(source, options),
);
/** Loads MobileBertForMaskedLM. */
export const AutoModelForMaskedLM = auto((source, options) =>
  MobileBertForMaskedLM.from_pretrained(source, options),
);
/** Loads MobileBertForNextSentencePrediction. */
export const AutoModelForNextSentencePrediction = auto((source, options) =>
  MobileBertForNextSentencePrediction.from_pretrained(source, options),
);
/** Loads MobileBertForSequenceClassification. */
export const AutoModelForSequenceClassification = auto((source, options) =>
  MobileBertForSequenceClassification.from_pretrained(source, options),
);
/** Loads MobileBertForMultipleChoice. */
export const AutoModelForMultipleChoice = auto((source, options) =>
  MobileBertForMultipleChoice.from_pretrained(source, options),
);
/** Loads MobileBertForTokenClassification. */
export const AutoModelForTokenClassification = auto((source, options) =>
  MobileBertForTokenClassification.from_pretrained(source, options),
);
/** Loads MobileBertForQuestionAnswering. */
export const AutoModelForQuestionAnswering = auto((source, options) =>
  MobileBertForQuestionAnswering.from_pretrained(source, options),
);
