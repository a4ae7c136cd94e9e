/** Auto classes: one per task, each with the one architecture there is here. */

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

/** A class that loads what it is named for. */
export interface AutoClass<M> {
  /** As the class's own `from_pretrained`; a checkpoint of another architecture is refused. */
  from_pretrained(source: Source, options?: FromPretrainedOptions): Promise<M>;
}

const auto = <M>(load: AutoClass<M>['from_pretrained']): AutoClass<M> => ({
  from_pretrained: load,
});

export const AutoModel = auto((source, options) =>
  MobileBertModel.from_pretrained(source, options),
);
export const AutoModelForPreTraining = auto((source, options) =>
  MobileBertForPreTraining.from_pretrained(source, options),
);
export const AutoModelForMaskedLM = auto((source, options) =>
  MobileBertForMaskedLM.from_pretrained(source, options),
);
export const AutoModelForNextSentencePrediction = auto((source, options) =>
  MobileBertForNextSentencePrediction.from_pretrained(source, options),
);
export const AutoModelForSequenceClassification = auto((source, options) =>
  MobileBertForSequenceClassification.from_pretrained(source, options),
);
export const AutoModelForMultipleChoice = auto((source, options) =>
  MobileBertForMultipleChoice.from_pretrained(source, options),
);
export const AutoModelForTokenClassification = auto((source, options) =>
  MobileBertForTokenClassification.from_pretrained(source, options),
);
export const AutoModelForQuestionAnswering = auto((source, options) =>
  MobileBertForQuestionAnswering.from_pretrained(source, options),
);
