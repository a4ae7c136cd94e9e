/**
 * The tokenizer that users hold. Calling it encodes texts. Names, options and results are those of
 * transformers (PreTrainedTokenizerBase and TokenizersBackend), the calling convention that of
 * transformers.js. It holds an encoder (text -> ids) and a table (ids <-> tokens); the public
 * classes of both entries are made from it, see tokenizer-classes.ts.
 */

import { Callable } from '../../callable.ts';
import { TokenizerError } from '../../errors.ts';
import { checkOptionNames } from '../../options.ts';
import { DataTensor } from '../../tensor/data-tensor.ts';
import type { CallOptions, TextInput } from '../batch/arguments.ts';
import type { TokenizerState } from '../batch/batch.ts';
import type { BatchEncoding, IdTensor, IdTensorClass } from '../batch/batch-encoding.ts';
import { callOf, encodeOptions, type TokenizeOptions, tokenizeOptions } from '../batch/call.ts';
import { type EncodeCall, encodeBatch } from '../batch/encode.ts';
import { type PadInput, type PadOptions, padEncoded } from '../batch/pad.ts';
import {
  bertTemplate,
  type Layout,
  layOut,
  type TemplateParts,
  templateFrom,
} from '../batch/rows.ts';
import type { FileOptions, SaveOptions, VocabularyOptions } from '../files/save.ts';
import type { TokenizerSettings } from '../files/settings.ts';
import type { PretrainedOptions } from '../files/sources.ts';
import { type AddedToken, type AddedTokenLike, addedToken } from '../text/added-tokens.ts';
import { Encoder } from '../text/encoder.ts';
import {
  areSpecial,
  defineProperties,
  type NewSpecialTokens,
  type SpecialTokensMap,
  setSpecialTokens,
  specialTokensMap,
  type TokenizerProperties,
} from './properties.ts';
import {
  cleanUp,
  DECODE_NAMES,
  type DecodeOptions,
  type Id,
  type Ids,
  isId,
  listed,
  row,
  SKIP_NAMES,
  type SkipOptions,
  TokenTable,
  tokenList,
} from './token-table.ts';

export interface BaseTokenizer<V extends IdTensor = IdTensor>
  extends TokenizerProperties,
    EncodeCall<V> {}

/** A tokenizer of BERT's kind; `V` is the type of Tensors in its results. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions, see Callable
export class BaseTokenizer<V extends IdTensor = IdTensor> extends Callable<never, unknown> {
  /** Type id of padding. */
  pad_token_type_id: number;
  /** Special tokens without a name. */
  extra_special_tokens: string[];
  readonly #settings: TokenizerSettings;
  readonly #table: TokenTable;
  /** A plain object, because fields of a callable object are slow to read. */
  readonly #state: TokenizerState;

  /** @param settings as `from_pretrained` makes them */
  constructor(settings: TokenizerSettings) {
    if (typeof settings?.vocab !== 'object') {
      throw new TypeError(
        `Cannot make a tokenizer: found ${typeof settings}, expected settings; from_pretrained() makes them`,
      );
    }
    super();
    // The own `length` that every function has would hide the accessor below.
    Reflect.deleteProperty(this, 'length');
    this.extra_special_tokens = settings.extraSpecialTokens;
    this.pad_token_type_id = settings.pad_token_type_id;
    this.#settings = settings;
    this.#table = new TokenTable(settings);
    defineProperties(this, settings, this.#table);
    this.#state = {
      settings,
      Tensor: this.Tensor,
      encoder: new Encoder(settings.vocab, settings),
      template: templateFrom(this.#parts(), (token) => this.#idOf(token)),
      warned: new Set(),
      padding: () => {
        const id = this.pad_token_id;
        if (id !== null) return { id, typeId: this.pad_token_type_id };
        throw new TypeError('Cannot pad: tokenizer has no pad_token, expected one to be set');
      },
    };
  }

  /**
   * Loads a tokenizer from a hub id, a folder, a URL or a map of files.
   * @throws FilesError when there is neither tokenizer.json nor vocab.txt
   */
  static async from_pretrained<T extends BaseTokenizer>(
    this: new (
      settings: TokenizerSettings,
    ) => T,
    source: unknown,
    options: PretrainedOptions = {},
  ): Promise<T> {
    const { openTokenizer } = await import('../files/sources.ts');
    return new this(await openTokenizer(source, options));
  }

  /** Name of the class in tokenizer_config.json. */
  get tokenizer_class(): string {
    return 'BertTokenizer';
  }

  /** The class of the Tensors in results. A subclass with another `V` overrides it. */
  protected get Tensor(): IdTensorClass<V> {
    return DataTensor as IdTensorClass as IdTensorClass<V>;
  }

  /**
   * Encodes texts; called by `tokenizer(text, text_pair, options)`.
   * @param others a second text, options, or both
   */
  override _call(text: unknown, ...others: unknown[]): BatchEncoding<unknown> {
    return encodeBatch(this.#state, this.#table.added, callOf(text, others));
  }

  /** The ids of one text or pair. */
  encode(text: string | readonly string[], options?: CallOptions): number[];
  encode(text: TextInput, text_pair: TextInput | null | undefined, options?: CallOptions): number[];
  encode(text: unknown, ...others: unknown[]): number[] {
    return this._call(text, encodeOptions(text, others)).input_ids as number[];
  }

  /** The tokens of one text or pair; without special tokens unless `add_special_tokens` is set. */
  tokenize(text: string | readonly string[], options?: TokenizeOptions): string[];
  tokenize(
    text: string | readonly string[],
    pair: string | readonly string[] | null | undefined,
    options?: CallOptions,
  ): string[];
  tokenize(text: unknown, ...others: unknown[]): string[] {
    return this._call(text, tokenizeOptions(text, others)).tokens();
  }

  /**
   * The text of ids, or the texts of a batch. A Tensor [1,S] is one text.
   * @throws RangeError for an id out of range
   */
  decode(token_ids: Ids, options?: DecodeOptions): string;
  decode(token_ids: readonly (readonly Id[])[], options?: DecodeOptions): string[];
  decode(
    token_ids: Ids | readonly (readonly Id[])[],
    options: DecodeOptions = {},
  ): string | string[] {
    const ids = listed(token_ids);
    if (!Array.isArray(ids[0])) return this.decode_single(ids as Id[], options);
    const texts = this.batch_decode(ids as Id[][], options);
    return Array.isArray(token_ids) || texts.length > 1 ? texts : texts[0]!;
  }

  /** The texts of a batch of ids. */
  batch_decode(
    batch: readonly (readonly Id[])[] | DataTensor,
    options: DecodeOptions = {},
  ): string[] {
    const rows = listed(batch) as (Id | Id[])[];
    return rows.map((row) => this.decode_single(Array.isArray(row) ? row : [row], options));
  }

  /** The text of one row of ids. */
  decode_single(token_ids: Exclude<Ids, Id>, options: DecodeOptions = {}): string {
    checkOptionNames('decode', options, DECODE_NAMES);
    const { skip_special_tokens = false, clean_up_tokenization_spaces } = options;
    const tokens = this.#table.decoded(row(token_ids), skip_special_tokens);
    const text = this.convert_tokens_to_string(tokens);
    return (clean_up_tokenization_spaces ?? this.clean_up_tokenization_spaces)
      ? cleanUp(text)
      : text;
  }

  /** The id of each token; that of the unknown token for tokens without an id. */
  convert_tokens_to_ids(tokens: string): number;
  convert_tokens_to_ids(tokens: readonly string[]): number[];
  convert_tokens_to_ids(tokens: string | readonly string[]): number | number[] {
    return typeof tokens === 'string'
      ? this.#idOf(tokens)
      : tokenList(tokens).map((token) => this.#idOf(token));
  }

  /** The token of each id. @throws RangeError for an id out of range */
  convert_ids_to_tokens(ids: Id): string;
  convert_ids_to_tokens(ids: Ids, options?: SkipOptions): string[];
  convert_ids_to_tokens(ids: Ids, options: SkipOptions = {}): string | string[] {
    checkOptionNames('convert ids', options, SKIP_NAMES);
    if (isId(ids)) return this.#table.tokenOf(ids);
    const skipped = new Set(options.skip_special_tokens ? this.all_special_ids : []);
    const kept = row(ids).filter((id) => !skipped.has(Number(id)));
    return kept.map((id) => this.#table.tokenOf(id));
  }

  /** The text of tokens. */
  convert_tokens_to_string(tokens: readonly string[]): string {
    return this.#table.join(tokenList(tokens));
  }

  /** Every token with its id, added tokens included. */
  get_vocab(): Map<string, number> {
    return this.#table.vocabulary();
  }

  /** The added tokens with their ids. */
  get_added_vocab(): Map<string, number> {
    return this.#table.addedTokens();
  }

  /** The added tokens by id, in order of ids. */
  get added_tokens_decoder(): ReadonlyMap<number, AddedToken> {
    return this.#table.addedById();
  }

  /** The ids of the added tokens by content, in order of ids. */
  get added_tokens_encoder(): ReadonlyMap<string, number> {
    return this.#table.addedTokens();
  }

  /** Number of tokens without added tokens. */
  get vocab_size(): number {
    return this.#settings.vocab.size;
  }

  /**
   * Number of tokens with added tokens: the embeddings a model needs. `len(tokenizer)` in Python.
   */
  override get length(): number {
    return this.#table.added.length;
  }

  /**
   * Adds tokens that are matched in the text. A model's embeddings have to grow to `length`.
   * @returns how many tokens were new or changed
   */
  add_tokens(
    new_tokens: AddedTokenLike | readonly AddedTokenLike[],
    special_tokens: boolean | { special_tokens?: boolean } = false,
  ): number {
    const isSpecial = areSpecial(special_tokens);
    const list = (Array.isArray(new_tokens) ? new_tokens : [new_tokens]) as AddedTokenLike[];
    return this.#table.add(list.map((token) => addedToken(token, isSpecial)));
  }

  /**
   * Sets special tokens by name, and adds those that are not in the vocabulary.
   * @throws RangeError for a name that no special token has
   */
  add_special_tokens(
    special_tokens_dict: NewSpecialTokens,
    replace_extra_special_tokens = true,
  ): number {
    return setSpecialTokens(this, this.#table, special_tokens_dict, replace_extra_special_tokens);
  }

  /** The ids of `extra_special_tokens`. */
  get extra_special_tokens_ids(): number[] {
    return this.extra_special_tokens.map((token) => this.#idOf(token));
  }

  /** The named special tokens that are set. */
  get special_tokens_map(): SpecialTokensMap {
    return specialTokensMap(this);
  }

  /** Every special token once, named ones first. */
  get all_special_tokens(): string[] {
    const named = Object.values(this.special_tokens_map);
    return [...new Set([...named, ...this.extra_special_tokens])];
  }

  /** The ids of `all_special_tokens`. */
  get all_special_ids(): number[] {
    return this.all_special_tokens.map((token) => this.#idOf(token));
  }

  /**
   * 1 for each special token, 0 for others.
   * @param already_has_special_tokens whether token_ids_0 contains special tokens; else the mask is
   *   that of the ids after special tokens are added
   */
  get_special_tokens_mask(
    token_ids_0: Exclude<Ids, Id>,
    token_ids_1: Exclude<Ids, Id> | null = null,
    already_has_special_tokens = false,
  ): number[] {
    if (!already_has_special_tokens) {
      return this.#laidOut(token_ids_0, token_ids_1, ({ text }) => (text < 0 ? 1 : 0));
    }
    if (token_ids_1) {
      throw new TypeError(
        'Cannot mask special tokens: found token_ids_1, expected all ids in token_ids_0',
      );
    }
    const special = new Set(this.all_special_ids);
    return row(token_ids_0).map((id) => (special.has(Number(id)) ? 1 : 0));
  }

  /** [CLS] A [SEP], or [CLS] A [SEP] B [SEP]; what the post_processor of tokenizer.json says. */
  build_inputs_with_special_tokens(
    token_ids_0: Exclude<Ids, Id>,
    token_ids_1: Exclude<Ids, Id> | null = null,
  ): number[] {
    return this.#laidOut(token_ids_0, token_ids_1, ({ text, id }, own) => (text < 0 ? id : own));
  }

  /** The type ids of `build_inputs_with_special_tokens`: 0 up to the first [SEP], then 1. */
  create_token_type_ids_from_sequences(
    token_ids_0: Exclude<Ids, Id>,
    token_ids_1: Exclude<Ids, Id> | null = null,
  ): number[] {
    return this.#laidOut(token_ids_0, token_ids_1, ({ typeId }) => typeId);
  }

  /** Number of special tokens that are added to a text or a pair. */
  num_special_tokens_to_add(pair = false): number {
    return this.#layout(pair).special;
  }

  /** Most tokens of a single text, special tokens not counted. */
  get max_len_single_sentence(): number {
    return this.model_max_length - this.#layout(false).special;
  }

  /** Most tokens of a pair, special tokens not counted. */
  get max_len_sentences_pair(): number {
    return this.model_max_length - this.#layout(true).special;
  }

  /** Pads encoded inputs to one length. Arrays give arrays, Tensors give Tensors. */
  pad<F>(encoded_inputs: PadInput<F>, options: PadOptions = {}): BatchEncoding<F> {
    return padEncoded(encoded_inputs, this.#state, options);
  }

  /**
   * The contents of the files of this tokenizer by name: those of save_pretrained in Python, and
   * vocab.txt.
   */
  async save_files(options: FileOptions = {}): Promise<Record<string, string>> {
    const { checkSaveOptions, savedFiles } = await import('../files/save.ts');
    checkSaveOptions('save_files', options);
    return savedFiles(this, this.#settings, this.#state.template, options);
  }

  /** Writes `save_files` into a folder with `options.write`. @returns their paths */
  async save_pretrained(save_directory: string, options: SaveOptions): Promise<string[]> {
    const { checkSaveOptions, savedFiles, writeFiles } = await import('../files/save.ts');
    checkSaveOptions('save_pretrained', options);
    const files = savedFiles(this, this.#settings, this.#state.template, options);
    return writeFiles(save_directory, files, options);
  }

  /** Writes vocab.txt into a folder with `options.write`. @returns its path */
  async save_vocabulary(save_directory: string, options: VocabularyOptions): Promise<string[]> {
    const { checkSaveOptions, savedVocabulary, writeFiles } = await import('../files/save.ts');
    checkSaveOptions('save_vocabulary', options);
    return writeFiles(save_directory, savedVocabulary(this.#settings, options), options);
  }

  /** The id of a token; that of the unknown token when it has none. */
  #idOf(token: string): number {
    return this.#table.idOf(token, this.unk_token);
  }

  /** A number for each token of one or two texts with special tokens. */
  #laidOut(first: unknown, second: unknown, numberOf: Parameters<typeof layOut>[2]): number[] {
    const ids = second == null ? [row(first)] : [row(first), row(second)];
    return layOut(this.#layout(ids.length > 1), ids, numberOf);
  }

  #layout(isPair: boolean): Layout {
    return this.#state.template[isPair ? 'pair' : 'single'];
  }

  /** What is put around texts. @throws TokenizerError when BERT's tokens are needed and missing */
  #parts(): TemplateParts {
    const { cls_token, sep_token } = this;
    const known = this.#settings.template;
    if (known) return known;
    if (cls_token !== null && sep_token !== null) return bertTemplate(cls_token, sep_token);
    const name = cls_token === null ? 'cls_token' : 'sep_token';
    throw new TokenizerError(`Cannot make a tokenizer: ${name} is null, expected a token`);
  }
}
