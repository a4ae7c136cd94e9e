/**
 * The tokenizer classes, and the entry `mobilebert-wasm/tokenizer`. In transformers 5 the plain and
 * the Fast classes are one; so they are here, plain ones with the options of the older Python class
 * (`do_basic_tokenize`, `never_split`) included.
 */

import type { Content } from './load.ts';
import { PreTrainedTokenizer } from './pretrained-tokenizer.ts';
import type { PretrainedOptions } from './sources.ts';

export type { AddedToken, AddedTokenLike } from './added-tokens.ts';
export { BatchEncoding, type CharSpan, type TokenSpan } from './batch-encoding.ts';
export type { TokenizerFiles, TokenizerOptions } from './load.ts';
export type { CallOptions } from './options.ts';
export type { PretrainedOptions } from './sources.ts';
export { PreTrainedTokenizer };

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

const CLASSES: Record<string, typeof PreTrainedTokenizer> = {
  BertTokenizer,
  MobileBertTokenizer,
  PreTrainedTokenizer,
};

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
    const { openTokenizer } = await import('./sources.ts');
    const files = await openTokenizer(source, options);
    const config = files['tokenizer_config.json'] as { tokenizer_class?: unknown } | undefined;
    const name = String(config?.tokenizer_class ?? 'MobileBertTokenizer').replace(/Fast$/, '');
    const Class = Object.hasOwn(CLASSES, name) ? CLASSES[name]! : PreTrainedTokenizer;
    if (!Object.hasOwn(CLASSES, name)) {
      console.warn(`Unknown tokenizer class "${name}", attempting to construct from base class.`);
    }
    return new Class(files as Content, options);
  }
}
