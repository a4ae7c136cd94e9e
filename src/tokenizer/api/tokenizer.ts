/**
 * The tokenizer classes of the whole package; alone.ts has those of `mobilebert-wasm/tokenizer`. In
 * transformers 5 the plain and the Fast classes are one; so they are here, plain ones with the
 * options of the older Python class (`do_basic_tokenize`, `never_split`) included.
 */

import type { Tensor } from '../../tensor/tensor.ts';
import * as encoding from '../batch/batch-encoding.ts';
import type { PretrainedOptions } from '../files/sources.ts';
import { PreTrainedTokenizer } from './pretrained-tokenizer.ts';

export type { CharSpan, TokenSpan } from '../batch/batch-encoding.ts';
export type { TokenizerFiles } from '../files/read-files.ts';
export type { PretrainedOptions } from '../files/sources.ts';
export type { AddedToken, AddedTokenLike } from '../text/added-tokens.ts';
export type { CallOptions } from './options.ts';
export type { TokenizerOptions } from './settings.ts';
export { PreTrainedTokenizer };

/** Result of a tokenizer call over B rows. */
export const BatchEncoding: typeof encoding.BatchEncoding = encoding.BatchEncoding;
export type BatchEncoding<V = Tensor<'int64'>> = encoding.BatchEncoding<V>;

/** BERT's tokenizer: normalizes, splits at white space and punctuation, cuts words into pieces. */
export class BertTokenizer extends PreTrainedTokenizer {}

/** The same as BertTokenizer. */
export class BertTokenizerFast extends BertTokenizer {}

/**
 * MobileBERT's tokenizer, which is BERT's.
 *
 * @example
 * const tokenizer = await MobileBertTokenizer.from_pretrained('models/banking77-intents');
 * const { input_ids } = tokenizer('I love transformers!');   // Tensor int64 [1,6]
 */
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
  ): Promise<PreTrainedTokenizer> {
    const { openNamed } = await import('../files/sources.ts');
    return openNamed(source, options, { BertTokenizer, MobileBertTokenizer, PreTrainedTokenizer });
  }
}
