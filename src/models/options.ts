/** Options of `from_pretrained` for models, and what of transformers.js' options maps to what. */

import type { MobileBertConfig, MobileBertConfigOptions } from '../config.ts';
import type { Variant } from '../engine/build.ts';
import type { WasmSource } from '../engine/module.ts';
import { warn } from '../hub/env.ts';
import type { FilesOptions } from '../hub/files.ts';

/** How the engine of a model is made. */
export interface EngineOptions {
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
  /** 'auto' and 'fp32' (weights of any format are widened); other names warn and mean 'fp32'. */
  dtype?: string | null | undefined;
  /** 'auto', 'wasm' and 'cpu' are the same thing here; others warn. */
  device?: string | null | undefined;
  /** Base name of the weights file; default 'model'. */
  model_file_name?: string | null | undefined;
}

const DTYPES = ['auto', 'fp32'];
const DEVICES = ['auto', 'wasm', 'cpu'];

/** Says which of transformers.js' wishes are not met here. */
export function warnOfUnsupported({ dtype, device }: FromPretrainedOptions): void {
  if (dtype && !DTYPES.includes(dtype)) {
    warn(`dtype "${dtype}" is not available, weights are kept as "fp32"`);
  }
  if (device && !DEVICES.includes(device)) {
    warn(`device "${device}" is not available, the model runs on "wasm"`);
  }
}
