/**
 * MobileBertConfig and AutoConfig as callers see them: with `from_pretrained`, which opens files. The
 * class of src/config reads what is open already.
 */

import {
  MobileBertConfig as Configuration,
  type MobileBertConfigOptions,
} from '../config/config.ts';
import { type FilesOptions, openFiles } from '../hub/files.ts';
import type { Source } from '../hub/source.ts';

/** Options of `from_pretrained`: how to get config.json, and fields that replace the file's. */
export type ConfigFromPretrainedOptions = FilesOptions & MobileBertConfigOptions;

/** Configuration of a MobileBERT model. */
export class MobileBertConfig extends Configuration {
  /**
   * Reads config.json of a checkpoint. Fields among the options replace the file's.
   *
   * @throws FilesError when there is none, ConfigError when it cannot be used
   */
  static async from_pretrained(
    source: Source,
    options: ConfigFromPretrainedOptions = {},
  ): Promise<MobileBertConfig> {
    return MobileBertConfig.fromFiles(await openFiles(source, options), options);
  }
}

/** Finds the configuration of a checkpoint by its model_type, which can only be MobileBERT's. */
export const AutoConfig = {
  /**
   * As `MobileBertConfig.from_pretrained`.
   *
   * @throws ConfigError when config.json has another model_type
   */
  from_pretrained(source: Source, options: ConfigFromPretrainedOptions = {}) {
    return MobileBertConfig.from_pretrained(source, options);
  },
};
