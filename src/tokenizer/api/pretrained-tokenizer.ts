/**
 * The tokenizer of the whole package: BaseTokenizer made of files as well, its results with the
 * operations of Tensor.
 */

import { Tensor } from '../../tensor/tensor.ts';
import { type Content, partsIn } from '../files/read-files.ts';
import { Vocab } from '../text/vocab.ts';
import { BaseTokenizer } from './base-tokenizer.ts';
import { settingsOf, type TokenizerOptions, type TokenizerSettings } from './settings.ts';

/** A tokenizer of BERT's kind. */
export class PreTrainedTokenizer extends BaseTokenizer<Tensor<'int64'>> {
  /**
   * @param content files by name ('tokenizer.json', 'vocab.txt', ...), or the content of a
   *   tokenizer.json, or the text of a vocab.txt, or what `from_pretrained` made of files
   * @param options settings, which go before what the files say; transformers.js gives the content
   *   of tokenizer_config.json here
   * @throws TokenizerError on files that are none of a BERT tokenizer, SyntaxError on broken JSON
   */
  constructor(content: Content | TokenizerSettings, options: TokenizerOptions = {}) {
    super(isSettings(content) ? content : settingsOf(partsIn(content, options)));
  }

  protected override get Tensor(): typeof Tensor<'int64'> {
    return Tensor;
  }
}

function isSettings(content: Content | TokenizerSettings): content is TokenizerSettings {
  return (content as Partial<TokenizerSettings> | null)?.vocab instanceof Vocab;
}
