/**
 * The public classes, made once for each entry from its PreTrainedTokenizer, which decides what
 * Tensors results have and what the constructor takes. In transformers 5 the plain and the Fast
 * classes are one. Here, too, they behave alike; they also have the options of the older Python
 * class (`do_basic_tokenize`, `never_split`).
 */

import type { IdTensor } from '../batch/batch-encoding.ts';
import type { TokenizerSettings } from '../files/settings.ts';
import type { PretrainedOptions } from '../files/sources.ts';
import type { BaseTokenizer } from './base-tokenizer.ts';

/** A tokenizer class: `V` is the type of Tensors in results, `A` the constructor's arguments. */
export interface TokenizerClass<V extends IdTensor, A extends unknown[]> {
  new (...args: A): BaseTokenizer<V>;
  readonly prototype: BaseTokenizer<V>;
  /**
   * Loads a tokenizer from a hub id, a folder, a URL or a map of files.
   * @throws FilesError when there is neither tokenizer.json nor vocab.txt
   */
  from_pretrained: typeof BaseTokenizer.from_pretrained;
}

/** A class that loads tokenizers of any class. */
export interface AutoTokenizerClass<V extends IdTensor> {
  new (): object;
  /**
   * Loads a tokenizer from a hub id, a folder, a URL or a map of files.
   * @throws FilesError when there is neither tokenizer.json nor vocab.txt
   */
  from_pretrained(source: unknown, options?: PretrainedOptions): Promise<BaseTokenizer<V>>;
}

/** The classes of an entry. */
export interface TokenizerClasses<V extends IdTensor, A extends unknown[]> {
  PreTrainedTokenizer: TokenizerClass<V, A>;
  BertTokenizer: TokenizerClass<V, A>;
  BertTokenizerFast: TokenizerClass<V, A>;
  MobileBertTokenizer: TokenizerClass<V, A>;
  MobileBertTokenizerFast: TokenizerClass<V, A>;
  AutoTokenizer: AutoTokenizerClass<V>;
}

/** Makes the classes of an entry. @param PreTrainedTokenizer its constructor also takes settings */
export function tokenizerClasses<V extends IdTensor, A extends unknown[]>(
  PreTrainedTokenizer: TokenizerClass<V, A> &
    (new (
      settings: TokenizerSettings,
    ) => BaseTokenizer<V>),
): TokenizerClasses<V, A> {
  class BertTokenizer extends PreTrainedTokenizer {}
  class BertTokenizerFast extends BertTokenizer {}
  class MobileBertTokenizer extends BertTokenizer {
    override get tokenizer_class(): string {
      return 'MobileBertTokenizer';
    }
  }
  class MobileBertTokenizerFast extends MobileBertTokenizer {}
  // biome-ignore lint/complexity/noStaticOnlyClass: the name and shape that Hugging Face gave it
  class AutoTokenizer {
    static async from_pretrained(
      source: unknown,
      options: PretrainedOptions = {},
    ): Promise<BaseTokenizer<V>> {
      const { openNamed } = await import('../files/sources.ts');
      const classes = { BertTokenizer, MobileBertTokenizer, PreTrainedTokenizer };
      return openNamed<BaseTokenizer<V>>(source, options, classes);
    }
  }
  return {
    PreTrainedTokenizer,
    BertTokenizer,
    BertTokenizerFast,
    MobileBertTokenizer,
    MobileBertTokenizerFast,
    AutoTokenizer,
  };
}
