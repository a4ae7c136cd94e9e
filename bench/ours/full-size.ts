/**
 * Models of the released size with the hashed weights of test/golden/full, and Hugging Face's
 * float64 outputs: every bench of the whole model checks its outputs before it times anything.
 */
import { MobileBertForSequenceClassification } from '../../src/models/heads/classification.ts';
import { MobileBertForMaskedLM } from '../../src/models/heads/pretraining.ts';
import { MobileBertForQuestionAnswering } from '../../src/models/heads/question-answering.ts';
import type { PreTrainedModel } from '../../src/models/pretrained-model.ts';
import {
  type FullCall,
  fullConfig,
  hashedIds,
  hashedSafetensors,
  loadFull,
} from '../../test/support/hashed-weights.ts';
import type { BuildName } from '../../test/support/variants.ts';
import type { Machine } from './harness.ts';
import { flopsOf, shapesOf } from './shapes.ts';
import { largestError } from './trial.ts';

export const classes = {
  MobileBertForQuestionAnswering,
  MobileBertForSequenceClassification,
  MobileBertForMaskedLM,
};

export type Head = keyof typeof classes;

/** The largest error of a logit, as a part of the largest logit. */
export const LIMIT = 1e-5;

/**
 * Types of weights, and the largest error of a logit for each: rounding these weights to 8 bits
 * alone costs 1 to 2 %.
 */
export const DTYPES = { fp32: LIMIT, fp16: 0.003, q8: 0.04, 'q8-fast': 0.05 } as const;

export type Dtype = keyof typeof DTYPES;

/** Loads one head on one build; for q8 the package picks the build with relaxed SIMD or without. */
export async function loadHashed(
  head: Head,
  { build }: Machine,
  dtype: Dtype = 'fp32',
): Promise<PreTrainedModel> {
  const weights = new Blob([...hashedSafetensors(head)]);
  const files = { 'config.json': fullConfig(head), 'model.safetensors': weights };
  const Class = classes[head] as typeof MobileBertForQuestionAnswering;
  const model = await Class.from_pretrained(files, { variant: shipped(build.name), dtype });
  return model as unknown as PreTrainedModel;
}

/** The goldens of a head. */
export function goldenCalls(head: Head): FullCall[] {
  return loadFull().calls.filter((call) => call.head === head);
}

/** The golden whose length is nearest to S. */
export function nearest(calls: readonly FullCall[], S: number): FullCall {
  return calls.reduce((best, call) =>
    Math.abs(call.length - S) < Math.abs(best.length - S) ? call : best,
  );
}

/** The error of a model's output `name` in a golden call. */
export async function errorAt(
  model: PreTrainedModel,
  call: FullCall,
  name: string,
): Promise<number> {
  const tensors = [...call.inputs].map(([key, { data, shape }]) => [key, { data, dims: shape }]);
  const outputs = await model(Object.fromEntries(tensors));
  const found = Reflect.get(outputs, name).data as Float32Array;
  return largestError(found, call.outputs.get(name)!.data as Float64Array);
}

/** Hashed words as one sequence of S tokens. */
export function inputsOf(S: number): { input_ids: number[][] } {
  return { input_ids: [hashedIds(S)] };
}

/** Multiplications and additions of one pass over S tokens. */
export function passFlops(S: number): number {
  return shapesOf(S).reduce((sum, shape) => sum + shape.times * flopsOf(shape), 0);
}

/** The name of a build that runs models of floats. */
export function shipped(name: BuildName): 'simd' | 'relaxed' {
  if (name === 'simd' || name === 'relaxed') return name;
  throw new RangeError(`Cannot bench the whole model: it never runs on the ${name} build`);
}
