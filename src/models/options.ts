/**
 * Options of models and their `from_pretrained`, under the names of transformers and
 * transformers.js, and what each value means here.
 */

import type { MobileBertConfigOptions } from '../config/config.ts';
import type { Variant } from '../engine/build.ts';
import type { WasmSource } from '../engine/module.ts';
import type { ThreadCount } from '../engine/team.ts';
import type { FilesOptions } from '../hub/files.ts';
import { warn } from '../log.ts';
import type { MobileBertConfig } from './pretrained-config.ts';

/** The type that matrices and tables are kept in. */
export type WeightDtype = 'fp32' | 'fp16' | 'q8';

/** Options of a model's constructor. */
export interface EngineOptions {
  /**
   * The type that matrices and tables are kept in (docs/accuracy.md):
   * - 'fp32'
   * - 'fp16': half the memory of fp32; arithmetic is fp32
   * - 'q8': a quarter of the memory; products of integers
   * - 'q8-fast': 'q8' with 8-bit activations where that loses little accuracy; plain 'q8' where it
   *   would not be faster
   * - 'auto', the default: 'fp32'; in `from_pretrained`, what a converted or ONNX file holds where
   *   there is no plain checkpoint
   *
   * Other names of transformers.js, such as 'int8' or 'q4', warn and use the nearest of these.
   */
  dtype?: string | null | undefined;
  /** The WebAssembly build: 'auto' (the default) takes the fastest that works here. */
  variant?: Variant | undefined;
  /** A module to use instead of the package's own. It must be the build that `variant` names. */
  wasm?: WasmSource | undefined;
  /**
   * How many threads run a pass together, over shared memory: a number, or 'auto' for as many as
   * this machine and model gain by; default 1. Where there can be no others (docs/threads.md), one
   * runs, and `info()` says why. Results are the same to the bit.
   */
  threads?: ThreadCount | undefined;
  /** Seed of randomly initialised weights; default: a different one for each model. */
  seed?: number | undefined;
}

/** Options of a model's `from_pretrained`. */
export interface FromPretrainedOptions extends FilesOptions, EngineOptions {
  /** A configuration to use instead of config.json, or fields that replace the file's. */
  config?: MobileBertConfig | MobileBertConfigOptions | null | undefined;
  /** 'auto' (the default), 'wasm' and 'cpu' mean the same here; others warn and are ignored. */
  device?: string | null | undefined;
  /** Name of the weights file without its ending; default 'model', as in model.safetensors. */
  model_file_name?: string | null | undefined;
  /**
   * Whether a tensor whose shape is not the model's is left out, for example the head of another
   * number of labels: its parameter is newly initialised, and `loading_info.mismatched_keys` names
   * it. Default false, which refuses the checkpoint.
   */
  ignore_mismatched_sizes?: boolean | undefined;
  /**
   * Whether to load tf_model.h5 and no other file; default false, which loads it only where there
   * are no other weights.
   */
  from_tf?: boolean | undefined;
}

/** The dtypes of transformers.js, each with the nearest that exists here. */
const DTYPES: Readonly<Record<string, WeightDtype>> = {
  auto: 'fp32',
  fp32: 'fp32',
  fp16: 'fp16',
  q8: 'q8',
  'q8-fast': 'q8',
  int8: 'q8',
  uint8: 'q8',
  q4: 'q8',
  bnb4: 'q8',
  q4f16: 'q8',
  q2: 'q8',
  q2f16: 'q8',
  q1: 'q8',
  q1f16: 'q8',
};

/** Maps a requested dtype; warns when it is replaced. */
export function weightDtype(dtype: string | null | undefined): WeightDtype {
  if (!dtype) return 'fp32';
  const nearest = Object.hasOwn(DTYPES, dtype) ? DTYPES[dtype]! : 'fp32';
  if (dtype !== 'auto' && dtype !== 'q8-fast' && dtype !== nearest) {
    warn(`dtype ${JSON.stringify(dtype)} is not available, weights are kept as "${nearest}"`);
  }
  return nearest;
}
