/**
 * The public MobileBertConfig and AutoConfig. They add `from_pretrained`, which opens files, to the
 * class of src/config, which only reads files that are open.
 */

import {
  MobileBertConfig as Configuration,
  type MobileBertConfigOptions,
} from '../config/config.ts';
import { type FilesOptions, openFiles } from '../hub/files.ts';
import type { Source } from '../hub/source.ts';

/**
 * Options of a configuration's `from_pretrained`: how to get config.json, and fields to replace.
 */
export type ConfigFromPretrainedOptions = FilesOptions & MobileBertConfigOptions;

/** Configuration of a MobileBERT model, as in Hugging Face's configuration_mobilebert.py. */
export class MobileBertConfig extends Configuration {
  /**
   * Reads the config.json of a checkpoint. Fields among the options replace the file's.
   *
   * @param source a folder, a URL, a hub id, or a map of files
   * @throws FilesError where there is none, SyntaxError for broken JSON, ConfigError where it
   *   cannot be used
   */
  static async from_pretrained(
    source: Source,
    options: ConfigFromPretrainedOptions = {},
  ): Promise<MobileBertConfig> {
    const files = await openFiles(source, options, 1);
    const config = await MobileBertConfig.fromFiles(files, options);
    files.complete();
    return config;
  }
}

/** AutoConfig of transformers. MobileBERT is the only `model_type` here. */
export const AutoConfig = {
  /**
   * Same as `MobileBertConfig.from_pretrained`.
   *
   * @throws FilesError where there is no config.json, ConfigError for another `model_type`
   */
  from_pretrained(source: Source, options: ConfigFromPretrainedOptions = {}) {
    return MobileBertConfig.from_pretrained(source, options);
  },
};
