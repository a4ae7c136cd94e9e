/** The model classes by Hugging Face's names, and which of them a checkpoint is of. */

import * as classification from './classification.ts';
import { MobileBertModel } from './mobilebert-model.ts';
import * as pretraining from './pretraining.ts';
import { MobileBertForQuestionAnswering } from './question-answering.ts';

/** All of them load and are called alike. */
const CLASSES = {
  ...classification,
  ...pretraining,
  MobileBertForQuestionAnswering,
  MobileBertModel,
} as unknown as Readonly<Record<string, typeof MobileBertModel>>;

/** A class and its name, which a bundler may have changed. */
export interface Architecture {
  readonly name: string;
  readonly Class: typeof MobileBertModel;
}

/**
 * What config.json calls a model, TensorFlow's classes and subclasses like what they extend: not by the
 * class's own name, which minifiers change. Undefined for a class that extends none of ours.
 */
export function architectureNameOf(model: object): string | undefined {
  return Object.keys(CLASSES).find((name) => model instanceof CLASSES[name]!);
}

/**
 * The first class that config.json names, with TensorFlow's prefix or without; MobileBertModel where it
 * is none of ours.
 */
export function architectureOf(architectures: readonly string[] | null): Architecture {
  const named = architectures?.[0]?.replace(/^TF/, '') ?? '';
  const name = Object.hasOwn(CLASSES, named) ? named : 'MobileBertModel';
  return { name, Class: CLASSES[name]! };
}
