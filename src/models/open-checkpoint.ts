/** Source and options of `from_pretrained` -> a checkpoint's configuration and its open weights. */

import { type FilesOptions, openFiles } from '../hub/files.ts';
import type { Source } from '../hub/source.ts';
import { warn } from '../log.ts';
import { type FoundWeights, findWeights, type WeightHints } from './load/find-weights.ts';
import type { FromPretrainedOptions } from './options.ts';
import { MobileBertConfig } from './pretrained-config.ts';

/** A checkpoint whose weights are found, but not read yet. */
export interface OpenCheckpoint {
  /** The checkpoint's name, for messages. */
  readonly name: string;
  readonly config: MobileBertConfig;
  readonly weights: FoundWeights;
  /** The `dtype` option of the model that will hold the weights. */
  readonly dtype: string;
}

const DEVICES = ['auto', 'wasm', 'cpu'];

/**
 * Opens a checkpoint; warns of a device that does not exist here.
 *
 * @throws FilesError where config.json or weights are missing, ConfigError for a configuration that
 *   cannot be used, WeightsError for a broken index of shards
 */
export async function openCheckpoint(
  source: Source,
  { config, model_file_name, ...requested }: FromPretrainedOptions,
): Promise<OpenCheckpoint> {
  const files = await openFiles(source, filesOptions(requested), 1);
  const whole =
    config instanceof MobileBertConfig
      ? config
      : await MobileBertConfig.fromFiles(files, config ?? {});
  const weights = await findWeights(files, model_file_name ?? 'model', requested, hintsOf(whole));
  files.complete();
  // 'q8-fast' is a way to compute with q8 weights, which may not be what was found.
  const isFast = requested.dtype === 'q8-fast' && weights.dtype === 'q8';
  const dtype = isFast ? 'q8-fast' : weights.dtype;
  return { name: files.name, config: whole, weights, dtype };
}

/**
 * The options that find files. transformers.js has the default `subfolder: 'onnx'`, a folder beside
 * config.json. That folder is always searched for ONNX models, so the option is dropped here.
 */
function filesOptions(options: FromPretrainedOptions): FilesOptions {
  const { device, subfolder } = options;
  if (device && !DEVICES.includes(device)) {
    warn(`device "${device}" is not available, the model runs on "wasm"`);
  }
  return subfolder === 'onnx' ? { ...options, subfolder: undefined } : options;
}

/** What a configuration keeps of a config.json that is not about the model. */
function hintsOf(config: MobileBertConfig): WeightHints {
  return config as unknown as WeightHints;
}
