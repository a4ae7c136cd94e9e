/**
 * The entry `mobilebert-wasm/tokenizer`: the tokenizer classes without the operations of Tensor,
 * which are more code than any other part of a tokenizer, and without what makes one of files until
 * `from_pretrained` is called. Results are DataTensors, which models take as they do Tensors.
 */

import type { PretrainedOptions } from '../files/sources.ts';
import { BaseTokenizer } from './base-tokenizer.ts';

export type { DataTensor } from '../../tensor/data-tensor.ts';
export { BatchEncoding, type CharSpan, type TokenSpan } from '../batch/batch-encoding.ts';
export type { TokenizerFiles } from '../files/read-files.ts';
export type { PretrainedOptions } from '../files/sources.ts';
export type { AddedToken, AddedTokenLike } from '../text/added-tokens.ts';
export { BaseTokenizer as PreTrainedTokenizer } from './base-tokenizer.ts';
export type { CallOptions } from './options.ts';
export type { TokenizerOptions } from './settings.ts';

/** BERT's tokenizer: normalizes, splits at white space and punctuation, cuts words into pieces. */
export class BertTokenizer extends BaseTokenizer {}

/** The same as BertTokenizer. */
export class BertTokenizerFast extends BertTokenizer {}

/** MobileBERT's tokenizer, which is BERT's. */
export class MobileBertTokenizer extends BertTokenizer {
  override get tokenizer_class(): string {
    return 'MobileBertTokenizer';
  }
}

/** The same as MobileBertTokenizer. */
export class MobileBertTokenizerFast extends MobileBertTokenizer {}

/** Makes the class that tokenizer_config.json names; a MobileBertTokenizer where it names none. */
// biome-ignore lint/complexity/noStaticOnlyClass: the name and shape that Hugging Face gave it
export class AutoTokenizer {
  /**
   * A tokenizer from a hub id, a folder, a URL or a map of files.
   * @throws FilesError when there is neither tokenizer.json nor vocab.txt
   */
  static async from_pretrained(
    source: unknown,
    options: PretrainedOptions = {},
  ): Promise<BaseTokenizer> {
    const { openNamed } = await import('../files/sources.ts');
    const classes = { BertTokenizer, MobileBertTokenizer, PreTrainedTokenizer: BaseTokenizer };
    return openNamed(source, options, classes);
  }
}
