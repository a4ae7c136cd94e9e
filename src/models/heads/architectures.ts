/** The model classes by the names that config.json's `architectures` uses. */

import * as classification from './classification.ts';
import { MobileBertModel } from './mobilebert-model.ts';
import * as pretraining from './pretraining.ts';
import { MobileBertForQuestionAnswering } from './question-answering.ts';

/**
 * The keys are export names, which minifiers keep; each equals the `architecture()` of its class.
 * One type stands for all classes: they load and are called alike.
 */
const CLASSES = {
  ...classification,
  ...pretraining,
  MobileBertForQuestionAnswering,
  MobileBertModel,
} as unknown as Readonly<Record<string, typeof MobileBertModel>>;

/** A model class and its name in config.json, which `Class.name` may differ from once minified. */
export interface Architecture {
  readonly name: string;
  readonly Class: typeof MobileBertModel;
}

/**
 * The class of the first name in config.json's `architectures`, with or without TensorFlow's prefix
 * "TF". MobileBertModel where there is none, or another package's.
 */
export function architectureOf(architectures: readonly string[] | null): Architecture {
  const named = architectures?.[0]?.replace(/^TF/, '') ?? '';
  const name = Object.hasOwn(CLASSES, named) ? named : 'MobileBertModel';
  return { name, Class: CLASSES[name]! };
}
