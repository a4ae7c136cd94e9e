/**
 * The tokenizer that users hold: texts to model inputs when called. Names, options and results are
 * those of transformers (PreTrainedTokenizerBase), the calling convention that of transformers.js.
 * Subclasses say of which class the Tensors in results are.
 */

import { TokenizerError } from '../../errors.ts';
import { DataTensor } from '../../tensor/data-tensor.ts';
import type { TokenizerState } from '../batch/batch.ts';
import type { BatchEncoding, IdTensor, IdTensorClass } from '../batch/batch-encoding.ts';
import { encodeBatch } from '../batch/encode-batch.ts';
import { type PadInput, type PadOptions, padEncoded } from '../batch/pad.ts';
import { countSpecial } from '../batch/rows.ts';
import type { SaveOptions } from '../files/save.ts';
import type { PretrainedOptions } from '../files/sources.ts';
import { Encoder } from '../text/encoder.ts';
import type { CallOptions, TextInput } from './options.ts';
import type { TokenizerSettings } from './settings.ts';
import { type Id, TokenTable } from './token-table.ts';

/** Options under which a single text gives flat arrays. */
type Bare = { return_tensor: false; return_overflowing_tokens?: false };

export interface BaseTokenizer<V extends IdTensor = IdTensor> {
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
  (text: TextInput, options?: CallOptions): BatchEncoding<V>;
}

/** A tokenizer of BERT's kind; `V` are the Tensors in its results. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions, see Callable
export class BaseTokenizer<V extends IdTensor = IdTensor> extends TokenTable {
  /** Type id of padding. */
  pad_token_type_id = 0;
  /** What a call needs, in one plain object: own fields of a callable object are slow to read. */
  readonly #state: TokenizerState;

  /** @param settings what `from_pretrained` makes of files; it is how to come by a tokenizer */
  constructor(settings: TokenizerSettings) {
    if (typeof settings?.vocab !== 'object') {
      throw new TypeError(
        `Cannot make a tokenizer: found ${typeof settings}, expected settings; from_pretrained() makes them`,
      );
    }
    super(settings);
    this.#state = {
      settings,
      Tensor: this.Tensor,
      encoder: new Encoder(settings.vocab, settings),
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

  /** The name of the class in tokenizer_config.json. */
  get tokenizer_class(): string {
    return 'BertTokenizer';
  }

  /** The class of the Tensors in results; a subclass with another `V` says which. */
  protected get Tensor(): IdTensorClass<V> {
    return DataTensor as IdTensorClass as IdTensorClass<V>;
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
      return joined(1, zeros(token_ids_0), 1, token_ids_1 && zeros(token_ids_1));
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
    return joined(cls, token_ids_0, sep, token_ids_1);
  }

  /** Type ids of [CLS] A [SEP] and B [SEP]: 0 for the first part, 1 for the second. */
  create_token_type_ids_from_sequences(
    token_ids_0: readonly Id[],
    token_ids_1: readonly Id[] | null = null,
  ): number[] {
    const first = [0, ...token_ids_0.map(() => 0), 0];
    return token_ids_1 ? [...first, 1, ...token_ids_1.map(() => 1)] : first;
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
  pad<F>(encoded_inputs: PadInput<F>, options: PadOptions = {}): BatchEncoding<F> {
    return padEncoded(encoded_inputs, this.#state, options);
  }

  /**
   * The files of this tokenizer, name to content, added tokens included: what Python's
   * save_pretrained writes, and vocab.txt.
   */
  async save_files(options: Omit<SaveOptions, 'write'> = {}): Promise<Record<string, string>> {
    const { savedFiles } = await import('../files/save.ts');
    return savedFiles(this, this.settings, options);
  }

  /** Writes `save_files` below a folder through `options.write`; returns the paths. */
  async save_pretrained(save_directory: string, options: SaveOptions): Promise<string[]> {
    const { savedFiles, writeFiles } = await import('../files/save.ts');
    return writeFiles(save_directory, savedFiles(this, this.settings, options), options);
  }

  /** Writes vocab.txt below a folder through `options.write`; returns its path. */
  async save_vocabulary(save_directory: string, options: SaveOptions): Promise<string[]> {
    const { savedVocabulary, writeFiles } = await import('../files/save.ts');
    return writeFiles(save_directory, savedVocabulary(this.settings, options), options);
  }

  #required(name: 'cls_token' | 'sep_token'): number {
    const token = this[name];
    if (token !== null) return this.idOf(token);
    throw new TokenizerError(`Cannot make a tokenizer: ${name} is null, expected a token`);
  }
}

/** [CLS] A [SEP], or [CLS] A [SEP] B [SEP]. */
function joined<T>(cls: T, a: readonly T[], sep: T, b: readonly T[] | null): T[] {
  return [cls, ...a, sep, ...(b ? [...b, sep] : [])];
}
