/**
 * The entry `mobilebert-wasm/tokenizer`: the tokenizer classes in a small download. Results are
 * DataTensors, which models accept, too: the operations of Tensor are more code than any other part
 * of a tokenizer. Code that makes a tokenizer of files is loaded by `from_pretrained`.
 */

import type { IdTensor } from '../batch/batch-encoding.ts';
import type { TokenizerSettings } from '../files/settings.ts';
import { BaseTokenizer } from './base-tokenizer.ts';
import { tokenizerClasses } from './tokenizer-classes.ts';

export type { DataTensor } from '../../tensor/data-tensor.ts';
export type { CallOptions } from '../batch/arguments.ts';
export { BatchEncoding, type CharSpan, type TokenSpan } from '../batch/batch-encoding.ts';
export type { TokenizerFiles } from '../files/read-files.ts';
export type { TokenizerOptions } from '../files/settings.ts';
export type { PretrainedOptions } from '../files/sources.ts';
export type { AddedToken, AddedTokenLike } from '../text/added-tokens.ts';
export { BaseTokenizer as PreTrainedTokenizer } from './base-tokenizer.ts';

const classes = tokenizerClasses<IdTensor, [settings: TokenizerSettings]>(BaseTokenizer);

/**
 * BERT's tokenizer: normalizes, splits at white space and punctuation, splits words into pieces.
 */
export const BertTokenizer = classes.BertTokenizer;
export type BertTokenizer = BaseTokenizer;

/** The same as BertTokenizer. */
export const BertTokenizerFast = classes.BertTokenizerFast;
export type BertTokenizerFast = BaseTokenizer;

/** MobileBERT's tokenizer, which is BERT's. */
export const MobileBertTokenizer = classes.MobileBertTokenizer;
export type MobileBertTokenizer = BaseTokenizer;

/** The same as MobileBertTokenizer. */
export const MobileBertTokenizerFast = classes.MobileBertTokenizerFast;
export type MobileBertTokenizerFast = BaseTokenizer;

/**
 * Loads the class that tokenizer_config.json names, or a MobileBertTokenizer when it names none.
 */
export const AutoTokenizer = classes.AutoTokenizer;
