/**
 * Models for tests: the eight classes by name, options that choose a build, and inputs and outputs
 * of calls. In: golden cases, builds. Out: models of src/, and their outputs as flat maps of
 * tensors.
 */
import type { MobileBertConfigOptions } from '../../src/config/config.ts';
import type { Variant as Requested } from '../../src/engine/build.ts';
import type { EncoderInputs } from '../../src/models/call/inputs.ts';
import * as classification from '../../src/models/heads/classification.ts';
import {
  MobileBertModel,
  type MobileBertModelOptions,
} from '../../src/models/heads/mobilebert-model.ts';
import * as pretraining from '../../src/models/heads/pretraining.ts';
import { MobileBertForQuestionAnswering } from '../../src/models/heads/question-answering.ts';
import { MobileBertConfig } from '../../src/models/pretrained-config.ts';
import type { PreTrainedModel } from '../../src/models/pretrained-model.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { GoldenCase } from './golden.ts';
import { type BuildName, readBuild } from './variants.ts';

/** The model classes by their names. */
export const classes = {
  ...classification,
  ...pretraining,
  MobileBertModel,
  MobileBertForQuestionAnswering,
} as unknown as Record<string, typeof MobileBertModel>;

/** `loading_info` of a checkpoint that is as its model saves it. */
export const PLAIN_INFO = {
  missing_keys: [],
  unexpected_keys: [],
  mismatched_keys: [],
  notes: [],
} as const;

/** Options that run a build: by its variant where it has one, else as a module of the caller's. */
export function optionsOf(
  build: BuildName,
  threads = 1,
): {
  variant: Requested;
  threads: number;
  wasm?: Uint8Array<ArrayBuffer>;
} {
  return build === 'simd' || build === 'relaxed'
    ? { variant: build, threads }
    : { wasm: readBuild(`${build}.wasm`), variant: 'simd', threads };
}

/** Loads the case's checkpoint into its class. */
export function loadModel(
  golden: GoldenCase,
  build: BuildName,
  threads = 1,
): Promise<PreTrainedModel> {
  const options: MobileBertModelOptions = {
    ...optionsOf(build, threads),
    add_pooling_layer: golden.addPoolingLayer,
  };
  return classes[golden.head]!.from_pretrained(golden.folder, options);
}

/** The case's arguments, with all recorded outputs requested. */
export function inputsOf(golden: GoldenCase): EncoderInputs {
  const tensors = [...golden.inputs].map(([name, { data, shape }]) => [
    name,
    { data, dims: shape },
  ]);
  return {
    ...Object.fromEntries(tensors),
    output_hidden_states: golden.outputs.has('hidden_states.0'),
    output_attentions: golden.outputs.has('attentions.0'),
  };
}

/** Outputs by the names of golden files: tuples as `hidden_states.0` and so on. */
export function named(outputs: object): Map<string, Tensor> {
  const all = new Map<string, Tensor>();
  for (const [name, value] of Object.entries(outputs) as [string, Tensor | Tensor[]][]) {
    if (Array.isArray(value)) {
      for (const [i, tensor] of value.entries()) all.set(`${name}.${i}`, tensor);
    } else all.set(name, value);
  }
  return all;
}

/**
 * A configuration with a few thousand weights whose sizes are no multiples of 4; `fields` override
 * it.
 */
export function smallConfig(fields: MobileBertConfigOptions = {}): MobileBertConfig {
  return new MobileBertConfig({
    vocab_size: 31,
    embedding_size: 11,
    hidden_size: 19,
    intra_bottleneck_size: 15,
    num_attention_heads: 3,
    intermediate_size: 21,
    num_hidden_layers: 2,
    num_feedforward_networks: 2,
    max_position_embeddings: 35,
    initializer_range: 0.5,
    ...fields,
  });
}

/** Ids [B,S] as nested arrays, with different rows. */
export function idsOf(B: number, S: number, vocabulary = 31): number[][] {
  return Array.from({ length: B }, (_, b) =>
    Array.from({ length: S }, (_, s) => (7 * b + 5 * s + ((b * s) % 11)) % vocabulary),
  );
}
