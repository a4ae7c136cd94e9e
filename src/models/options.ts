/** Options of `from_pretrained` for models, and what of transformers.js' options maps to what. */

import type { MobileBertConfigOptions } from '../config/config.ts';
import type { Variant } from '../engine/build.ts';
import type { WasmSource } from '../engine/module.ts';
import type { FilesOptions } from '../hub/files.ts';
import type { PretrainedFiles } from '../hub/source.ts';
import { warn } from '../log.ts';
import { MobileBertConfig } from './pretrained-config.ts';

/** What weights are kept in. */
export type WeightDtype = 'fp32' | 'fp16' | 'q8';

/** How the engine of a model is made. */
export interface EngineOptions {
  /**
   * What matrices and tables are kept in: 'fp32' ('auto'), 'fp16' (half the memory, fp32 arithmetic)
   * or 'q8' (a quarter, whole-number products: docs/accuracy.md). 'q8-fast' is 'q8' with activations of 8
   * bits where that loses little, and plain 'q8' on engines that it would not make faster.
   * transformers.js' other names warn and mean the nearest of these.
   */
  dtype?: string | null | undefined;
  /** Which build; 'auto' (the default) takes the fastest that works here. */
  variant?: Variant | undefined;
  /** A module to use instead of the package's own; it must be of the build that `variant` names. */
  wasm?: WasmSource | undefined;
  /** Seed of the random initialisation; by default another one each time. */
  seed?: number | undefined;
}

export interface FromPretrainedOptions extends FilesOptions, EngineOptions {
  /** A whole configuration, or fields to set over config.json. */
  config?: MobileBertConfig | MobileBertConfigOptions | null | undefined;
  /** 'auto', 'wasm' and 'cpu' are the same thing here; others warn. */
  device?: string | null | undefined;
  /** Base name of the weights file; default 'model'. */
  model_file_name?: string | null | undefined;
  /** Read tf_model.h5, whatever else is there; without it, it is taken where nothing else is. */
  from_tf?: boolean | undefined;
}

const DEVICES = ['auto', 'wasm', 'cpu'];

/** Every name that transformers.js has for a dtype, and which of ours it is. */
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

/** Our dtype for a wish; one that is not ours is said in a warning. */
export function weightDtype(dtype: string | null | undefined): WeightDtype {
  if (!dtype) return 'fp32';
  const ours = Object.hasOwn(DTYPES, dtype) ? DTYPES[dtype]! : 'fp32';
  if (dtype !== 'auto' && dtype !== 'q8-fast' && dtype !== ours) {
    warn(`dtype ${JSON.stringify(dtype)} is not available, weights are kept as "${ours}"`);
  }
  return ours;
}

/** The dtype of an engine for a wish, where weights turned out to be kept in `kept`. */
export function engineDtype(wish: string | null | undefined, kept: WeightDtype): string {
  return wish === 'q8-fast' && kept === 'q8' ? wish : kept;
}

/**
 * How a checkpoint's files are found; says which of transformers.js' wishes are not met here. Its
 * `subfolder` names the folder of ONNX models, which lies beside config.json and is looked into anyway.
 */
export function supportedOptions(options: FromPretrainedOptions): FilesOptions {
  const { device, subfolder } = options;
  if (device && !DEVICES.includes(device)) {
    warn(`device "${device}" is not available, the model runs on "wasm"`);
  }
  return subfolder === 'onnx' ? { ...options, subfolder: undefined } : options;
}

/** The configuration of a checkpoint: a whole one of the caller's, or config.json's with fields set over. */
export async function configOf(
  files: PretrainedFiles,
  config: FromPretrainedOptions['config'],
): Promise<MobileBertConfig> {
  if (config instanceof MobileBertConfig) return config;
  return MobileBertConfig.fromFiles(files, config ?? {});
}
