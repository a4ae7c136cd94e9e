/**
 * The tokenizer that users hold: texts to model inputs when called. Names, options and results are
 * those of transformers (PreTrainedTokenizerBase), the calling convention that of transformers.js.
 */

import { TokenizerError } from '../errors.ts';
import type { TokenizerState } from './batch.ts';
import type { BatchEncoding } from './batch-encoding.ts';
import { encodeBatch } from './encode-batch.ts';
import { Encoder } from './encoder.ts';
import { type Content, contentOf, readSettings, type TokenizerOptions } from './load.ts';
import type { CallOptions, TextInput } from './options.ts';
import { type PadInput, type PadOptions, padEncoded } from './pad.ts';
import { countSpecial } from './rows.ts';
import type { SaveOptions } from './save.ts';
import type { PretrainedOptions } from './sources.ts';
import { type Id, TokenTable } from './token-table.ts';

/** Options under which a single text gives flat arrays. */
type Bare = { return_tensor: false; return_overflowing_tokens?: false };

export interface PreTrainedTokenizer {
  /** Encodes one text without tensors: flat arrays. */
  (text: string, options: CallOptions & Bare): BatchEncoding<number[]>;
  /** Encodes a batch without tensors: an array of arrays for each field. */
  (
    text: readonly string[],
    options: CallOptions & { return_tensor: false },
  ): BatchEncoding<number[][]>;
  /** Encodes a text or a batch, or words, without tensors. */
  (
    text: TextInput,
    options: CallOptions & { return_tensor: false },
  ): BatchEncoding<number[] | number[][]>;
  /** Encodes a text or a batch: int64 Tensors [B,S], those of one call in one buffer. */
  (text: TextInput, options?: CallOptions): BatchEncoding;
}

/** A tokenizer of BERT's kind. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions, see Callable
export class PreTrainedTokenizer extends TokenTable {
  /** Type id of padding. */
  pad_token_type_id = 0;
  /** What a call needs, in one plain object: own fields of a callable object are slow to read. */
  readonly #state: TokenizerState;

  /**
   * @param content files by name ('tokenizer.json', 'vocab.txt', ...), or the content of a
   *   tokenizer.json, or the text of a vocab.txt
   * @param options settings, which go before what the files say; transformers.js gives the content
   *   of tokenizer_config.json here
   * @throws TokenizerError on files that are none of a BERT tokenizer
   */
  constructor(content: Content, options: TokenizerOptions = {}) {
    super(readSettings(contentOf(content), options));
    const { settings } = this;
    this.#state = {
      settings,
      encoder: new Encoder(settings.vocab, settings.encoder),
      template: { cls: this.#required('cls_token'), sep: this.#required('sep_token') },
      padding: () => {
        const id = this.pad_token_id;
        if (id !== null) return { id, typeId: this.pad_token_type_id };
        throw new TypeError('Cannot pad: tokenizer has no pad_token, expected one to be set');
      },
    };
  }

  /**
   * A tokenizer from a hub id, a folder, a URL or a map of files.
   * @throws FilesError when there is neither tokenizer.json nor vocab.txt
   */
  static async from_pretrained<T extends PreTrainedTokenizer>(
    this: new (
      content: Content,
      options?: TokenizerOptions,
    ) => T,
    source: unknown,
    options: PretrainedOptions = {},
  ): Promise<T> {
    const { openTokenizer } = await import('./sources.ts');
    return new this(await openTokenizer(source, options), options);
  }

  /** The name of the class in tokenizer_config.json. */
  get tokenizer_class(): string {
    return 'BertTokenizer';
  }

  /** Encodes texts: what calling the tokenizer does. */
  override _call(text: unknown, options: CallOptions = {}): BatchEncoding<unknown> {
    return encodeBatch(this.#state, this.added, text, options);
  }

  /** The ids of one text. */
  encode(text: string | readonly string[], options: CallOptions = {}): number[] {
    const bare = {
      ...options,
      return_tensor: false,
      return_overflowing_tokens: false,
      return_attention_mask: false,
      return_token_type_ids: false,
    };
    return this._call(text, bare).input_ids as number[];
  }

  /** The tokens of one text, without special ones unless asked for. */
  tokenize(text: string, options: CallOptions & { pair?: string | null } = {}): string[] {
    const { pair = null, add_special_tokens = false, ...rest } = options;
    const all = { text_pair: pair, ...rest, add_special_tokens, return_tensor: false };
    return this._call(text, all).tokens();
  }

  /** 1 for each special token of a row, 0 for others: of ids as they are, or with those to add. */
  get_special_tokens_mask(
    token_ids_0: readonly Id[],
    token_ids_1: readonly Id[] | null = null,
    already_has_special_tokens = false,
  ): number[] {
    if (!already_has_special_tokens) {
      const zeros = (ids: readonly Id[]) => ids.map(() => 0);
      return [1, ...zeros(token_ids_0), 1, ...(token_ids_1 ? [...zeros(token_ids_1), 1] : [])];
    }
    if (token_ids_1) {
      throw new TypeError(
        'Cannot mask special tokens: found token_ids_1, expected all ids in token_ids_0',
      );
    }
    const special = new Set(this.all_special_ids);
    return token_ids_0.map((id) => (special.has(Number(id)) ? 1 : 0));
  }

  /** [CLS] A [SEP], or [CLS] A [SEP] B [SEP]. */
  build_inputs_with_special_tokens(
    token_ids_0: readonly number[],
    token_ids_1: readonly number[] | null = null,
  ): number[] {
    const { cls, sep } = this.#state.template;
    return [cls, ...token_ids_0, sep, ...(token_ids_1 ? [...token_ids_1, sep] : [])];
  }

  /** Type ids of [CLS] A [SEP] and B [SEP]: 0 for the first part, 1 for the second. */
  create_token_type_ids_from_sequences(
    token_ids_0: readonly Id[],
    token_ids_1: readonly Id[] | null = null,
  ): number[] {
    const first = new Array<number>(token_ids_0.length + 2).fill(0);
    return token_ids_1 ? [...first, ...new Array(token_ids_1.length + 1).fill(1)] : first;
  }

  /** Number of special tokens that are put around a text, or around a pair. */
  num_special_tokens_to_add(pair = false): number {
    return countSpecial(pair);
  }

  /** Most tokens of a single text beside the special ones. */
  get max_len_single_sentence(): number {
    return this.model_max_length - countSpecial(false);
  }

  /** Most tokens of a pair beside the special ones. */
  get max_len_sentences_pair(): number {
    return this.model_max_length - countSpecial(true);
  }

  /** Pads encoded inputs to one length. Their arrays stay arrays, their Tensors Tensors. */
  pad<V>(encoded_inputs: PadInput<V>, options: PadOptions = {}): BatchEncoding<V> {
    const isMasked =
      options.return_attention_mask ?? this.model_input_names.includes('attention_mask');
    const filling = {
      padding: this.#state.padding,
      side: options.padding_side ?? this.padding_side,
    };
    return padEncoded(encoded_inputs, filling, this.model_max_length, isMasked, options);
  }

  /**
   * The files of this tokenizer, name to content, added tokens included: what Python's
   * save_pretrained writes, and vocab.txt.
   */
  async save_files(options: Omit<SaveOptions, 'write'> = {}): Promise<Record<string, string>> {
    const { savedFiles } = await import('./save.ts');
    return savedFiles(this, this.settings, options);
  }

  /** Writes `save_files` below a folder through `options.write`; returns the paths. */
  async save_pretrained(save_directory: string, options: SaveOptions): Promise<string[]> {
    const { savedFiles, writeFiles } = await import('./save.ts');
    return writeFiles(save_directory, savedFiles(this, this.settings, options), options);
  }

  /** Writes vocab.txt below a folder through `options.write`; returns its path. */
  async save_vocabulary(save_directory: string, options: SaveOptions): Promise<string[]> {
    const { savedVocabulary, writeFiles } = await import('./save.ts');
    return writeFiles(save_directory, savedVocabulary(this.settings, options), options);
  }

  #required(name: 'cls_token' | 'sep_token'): number {
    const token = this[name];
    if (token !== null) return this.idOf(token);
    throw new TokenizerError(`Cannot make a tokenizer: ${name} is null, expected a token`);
  }
}
