/**
 * The tokenizer classes of the main entry. They are also made of the contents of files, and their
 * results are Tensors with all operations.
 */

import { Tensor } from '../../tensor/tensor.ts';
import * as encoding from '../batch/batch-encoding.ts';
import { type Content, partsIn } from '../files/read-files.ts';
import {
  checkConstructorOptions,
  settingsOf,
  type TokenizerOptions,
  type TokenizerSettings,
} from '../files/settings.ts';
import { Vocab } from '../text/vocab.ts';
import { BaseTokenizer } from './base-tokenizer.ts';
import { tokenizerClasses } from './tokenizer-classes.ts';

export type { CallOptions } from '../batch/arguments.ts';
export type { CharSpan, TokenSpan } from '../batch/batch-encoding.ts';
export type { TokenizerFiles } from '../files/read-files.ts';
export type { TokenizerOptions } from '../files/settings.ts';
export type { PretrainedOptions } from '../files/sources.ts';
export type { AddedToken, AddedTokenLike } from '../text/added-tokens.ts';

const classes = tokenizerClasses(
  class PreTrainedTokenizer extends BaseTokenizer<Tensor<'int64'>> {
    /**
     * @param content files by name ('tokenizer.json', 'vocab.txt', ...), the parsed content of a
     *   tokenizer.json, the text of a vocab.txt, or settings from `from_pretrained`
     * @param options override what the files contain. In transformers.js, this is the content of
     *   tokenizer_config.json
     * @throws TypeError for a misspelt option
     * @throws TokenizerError when the files are not those of a BERT tokenizer, SyntaxError for
     *   broken JSON
     */
    constructor(content: Content | TokenizerSettings, options: TokenizerOptions = {}) {
      if (!isSettings(content)) checkConstructorOptions(options);
      super(isSettings(content) ? content : settingsOf(partsIn(content, options ?? {})));
    }

    protected override get Tensor(): typeof Tensor<'int64'> {
      return Tensor;
    }
  },
);

function isSettings(content: Content | TokenizerSettings): content is TokenizerSettings {
  return (content as Partial<TokenizerSettings> | null)?.vocab instanceof Vocab;
}

/** Result of a tokenizer call, of B rows. */
export const BatchEncoding: typeof encoding.BatchEncoding = encoding.BatchEncoding;
export type BatchEncoding<V = Tensor<'int64'>> = encoding.BatchEncoding<V>;

/** A tokenizer of BERT's kind. */
export const PreTrainedTokenizer = classes.PreTrainedTokenizer;
export type PreTrainedTokenizer = BaseTokenizer<Tensor<'int64'>>;

/**
 * BERT's tokenizer: normalizes, splits at white space and punctuation, splits words into pieces.
 */
export const BertTokenizer = classes.BertTokenizer;
export type BertTokenizer = PreTrainedTokenizer;

/** The same as BertTokenizer. */
export const BertTokenizerFast = classes.BertTokenizerFast;
export type BertTokenizerFast = PreTrainedTokenizer;

/**
 * MobileBERT's tokenizer, which is BERT's.
 *
 * @example
 * const tokenizer = await MobileBertTokenizer.from_pretrained('models/banking77-intents');
 * const { input_ids } = tokenizer('I love transformers!');   // Tensor int64 [1,6]
 */
export const MobileBertTokenizer = classes.MobileBertTokenizer;
export type MobileBertTokenizer = PreTrainedTokenizer;

/** The same as MobileBertTokenizer. */
export const MobileBertTokenizerFast = classes.MobileBertTokenizerFast;
export type MobileBertTokenizerFast = PreTrainedTokenizer;

/**
 * Loads the class that tokenizer_config.json names, or a MobileBertTokenizer when it names none.
 */
export const AutoTokenizer = classes.AutoTokenizer;
