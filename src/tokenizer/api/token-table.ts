/**
 * The vocabulary side of a tokenizer: ids to tokens and text, tokens to ids, added tokens. Methods
 * as in transformers' TokenizersBackend.
 */

import type { DataTensor } from '../../tensor/data-tensor.ts';
import {
  type AddedToken,
  type AddedTokenLike,
  AddedVocabulary,
  addedToken,
} from '../text/added-tokens.ts';
import { cleaningMap, normalize } from '../text/normalize.ts';
import { cleanUp, joinTokens } from './decode.ts';
import type { Side } from './options.ts';
import type { TokenizerSettings } from './settings.ts';
import { SPECIAL_TOKENS, type SpecialTokenName, SpecialTokens } from './special-tokens.ts';

/** Options of `decode`. */
export interface DecodeOptions {
  /** Leave special tokens out. Default `false`. */
  skip_special_tokens?: boolean;
  /** Take out blanks before punctuation and contractions. Default: the tokenizer's setting. */
  clean_up_tokenization_spaces?: boolean | null;
}

/** A token id. */
export type Id = number | bigint;

/** Token ids in the shapes they come in. */
export type Ids = Id | readonly Id[] | BigInt64Array | Int32Array | DataTensor;

/** What `add_special_tokens` takes. */
export type SpecialTokenMap = Partial<Record<SpecialTokenName, AddedTokenLike>> & {
  extra_special_tokens?: readonly AddedTokenLike[];
  additional_special_tokens?: readonly AddedTokenLike[];
};

/** Settings that are properties of a tokenizer, to read and to set. */
const PROPERTIES = [
  'clean_up_tokenization_spaces',
  'model_input_names',
  'model_max_length',
  'padding_side',
  'split_special_tokens',
  'truncation_side',
] as const;

/** Tokens and ids of a tokenizer. */
export abstract class TokenTable extends SpecialTokens {
  /** Default of `decode`'s option. */
  declare clean_up_tokenization_spaces: boolean;
  /** Fields of a result that come without being asked for. */
  declare model_input_names: readonly string[];
  /** Most tokens a model takes; Infinity where nothing says it. */
  declare model_max_length: number;
  /** Where padding goes. */
  declare padding_side: Side;
  /** Whether special tokens in a text are read as ordinary text. */
  declare split_special_tokens: boolean;
  /** Where texts are cut. */
  declare truncation_side: Side;
  protected readonly settings: TokenizerSettings;
  protected added: AddedVocabulary;

  constructor(settings: TokenizerSettings) {
    super();
    // A function's own length would hide what `length` says here.
    Reflect.deleteProperty(this, 'length');
    this.settings = settings;
    for (const name of PROPERTIES) {
      const set = (value: never) => {
        settings[name] = value;
      };
      Object.defineProperty(this, name, { get: () => settings[name], set });
    }
    Object.assign(this, settings.specialTokens);
    this.extra_special_tokens = settings.extraSpecialTokens;
    const cleaning = cleaningMap(settings);
    const normalized = (text: string) => normalize(text, settings, cleaning);
    const bare = new AddedVocabulary(settings.vocab, normalized);
    this.added = bare.with(settings.addedTokens).vocabulary;
  }

  /**
   * The text of ids, or the texts of a batch of them. A Tensor [1,S] is one text.
   * @throws RangeError on an id that no token has
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
  decode_single(
    token_ids: readonly Id[],
    { skip_special_tokens = false, clean_up_tokenization_spaces }: DecodeOptions = {},
  ): string {
    const tokens: string[] = [];
    for (const id of token_ids) {
      const token = this.added.decoded(this.#checked(id));
      const isSkipped = skip_special_tokens && this.added.isSpecial(token ?? '');
      if (token !== undefined && !isSkipped) tokens.push(token);
    }
    const text = this.convert_tokens_to_string(tokens);
    const cleans = clean_up_tokenization_spaces ?? this.clean_up_tokenization_spaces;
    return cleans ? cleanUp(text) : text;
  }

  /** The id of each token; that of the unknown token for tokens of no vocabulary. */
  convert_tokens_to_ids(tokens: string): number;
  convert_tokens_to_ids(tokens: readonly string[]): number[];
  convert_tokens_to_ids(tokens: string | readonly string[]): number | number[] {
    return typeof tokens === 'string' ? this.idOf(tokens) : tokens.map((token) => this.idOf(token));
  }

  /** The token of each id. @throws RangeError on an id that no token has */
  convert_ids_to_tokens(ids: Id): string;
  convert_ids_to_tokens(ids: Ids, options?: { skip_special_tokens?: boolean }): string[];
  convert_ids_to_tokens(
    ids: Ids,
    { skip_special_tokens = false }: { skip_special_tokens?: boolean } = {},
  ): string | string[] {
    const tokenOf = (id: Id) => this.added.token(this.#checked(id)) ?? '';
    if (isBare(ids)) return tokenOf(ids);
    const skipped = new Set(skip_special_tokens ? this.all_special_ids : []);
    return (listed(ids) as Id[]).filter((id) => !skipped.has(Number(id))).map(tokenOf);
  }

  /** The text that tokens make. */
  convert_tokens_to_string(tokens: readonly string[]): string {
    return joinTokens(tokens, this.settings.wordpieces_prefix, this.settings.cleanup);
  }

  /** Every token with its id, added ones included. */
  get_vocab(): Map<string, number> {
    return new Map([...this.settings.vocab.entries(), ...this.get_added_vocab()]);
  }

  /** The added tokens with their ids. */
  get_added_vocab(): Map<string, number> {
    const sorted = [...this.added.tokens].sort((a, b) => a[0] - b[0]);
    return new Map(sorted.map(([id, token]) => [token.content, id]));
  }

  /** The added tokens by id. */
  get added_tokens_decoder(): ReadonlyMap<number, AddedToken> {
    return this.added.tokens;
  }

  /** Number of tokens without added ones. */
  get vocab_size(): number {
    return this.settings.vocab.size;
  }

  /** Number of tokens with added ones: the rows a model's embeddings need. Python's `len`. */
  override get length(): number {
    return this.added.length;
  }

  /**
   * Adds tokens that are matched in the text. A model's embeddings have to grow to `length`.
   * @returns how many tokens were new or changed
   */
  add_tokens(
    new_tokens: AddedTokenLike | readonly AddedTokenLike[],
    special_tokens: boolean | { special_tokens?: boolean } = false,
  ): number {
    const isSpecial =
      typeof special_tokens === 'boolean' ? special_tokens : special_tokens.special_tokens === true;
    const list = (Array.isArray(new_tokens) ? new_tokens : [new_tokens]) as AddedTokenLike[];
    const { vocabulary, count } = this.added.with(list.map((t) => addedToken(t, isSpecial)));
    this.added = vocabulary;
    return count;
  }

  /**
   * Sets special tokens by name, and adds those that are not in the vocabulary.
   * @throws RangeError on a name that is none of a special token
   */
  add_special_tokens(
    special_tokens_dict: SpecialTokenMap,
    replace_extra_special_tokens = true,
  ): number {
    const added: AddedToken[] = [];
    for (const [name, value] of Object.entries(special_tokens_dict)) {
      if (name === 'extra_special_tokens' || name === 'additional_special_tokens') {
        const extra = (value as AddedTokenLike[]).map((token) => addedToken(token, true));
        const kept = replace_extra_special_tokens ? [] : this.extra_special_tokens;
        const contents = extra.map((token) => token.content);
        this.extra_special_tokens = [...new Set([...kept, ...contents])];
        added.push(...extra);
      } else if (Object.hasOwn(SPECIAL_TOKENS, name)) {
        const token = addedToken(value as AddedTokenLike, true);
        this[name as SpecialTokenName] = token.content;
        added.push(token);
      } else {
        const names = [...Object.keys(SPECIAL_TOKENS), 'extra_special_tokens'].join(', ');
        throw new RangeError(
          `Cannot add a special token: name is "${name}", expected one of ${names}`,
        );
      }
    }
    return this.add_tokens(added, true);
  }

  protected override idOf(token: string): number {
    const id = this.added.id(token);
    return id >= 0 || this.unk_token === null ? id : this.added.id(this.unk_token);
  }

  #checked(id: Id): number {
    const number = Number(id);
    if (Number.isInteger(number) && number >= 0 && number < this.added.limit) return number;
    throw new RangeError(
      `Cannot read a token id: found ${id}, expected a whole number below ${this.added.limit}`,
    );
  }
}

/** Any array or Tensor as plain arrays, nested as it is. */
function listed(ids: unknown): unknown[] {
  if (Array.isArray(ids)) return ids.map((id) => (isBare(id) ? id : listed(id)));
  if (isBare(ids)) return [ids];
  if (ArrayBuffer.isView(ids)) return [...(ids as Int32Array)];
  const tensor = ids as DataTensor | null;
  if (typeof tensor?.tolist === 'function') return tensor.tolist() as Id[];
  throw new TypeError(
    `Cannot read token ids: found ${typeof ids}, expected ids, arrays or a Tensor`,
  );
}

function isBare(id: unknown): id is Id {
  return typeof id === 'number' || typeof id === 'bigint';
}
