/**
 * The tokens of a tokenizer and their ids, in both directions, added tokens included; and tokens
 * back to text (tokenizers/src/decoders/wordpiece.rs; `clean_up_tokenization` of transformers'
 * tokenization_utils_base.py).
 */

import { warn } from '../../log.ts';
import type { OptionNames } from '../../options.ts';
import type { DataTensor } from '../../tensor/data-tensor.ts';
import type { TokenizerSettings } from '../files/settings.ts';
import { type AddedToken, AddedVocabulary } from '../text/added-tokens.ts';
import { cleaningMap, normalize } from '../text/normalize.ts';
import { shown } from '../text/shown.ts';

/** A token id. */
export type Id = number | bigint;

/** Token ids: one, an array, or a Tensor. */
export type Ids = Id | readonly Id[] | BigInt64Array | Int32Array | DataTensor;

/** Options of `convert_ids_to_tokens`. */
export interface SkipOptions {
  /** Drop special tokens. Default `false`. */
  skip_special_tokens?: boolean;
}

/** Options of `decode`. */
export interface DecodeOptions extends SkipOptions {
  /** Drop blanks before punctuation and contractions. Default: the tokenizer's setting. */
  clean_up_tokenization_spaces?: boolean | null;
}

export const SKIP_NAMES: OptionNames<SkipOptions> = { skip_special_tokens: true };

export const DECODE_NAMES: OptionNames<DecodeOptions> = {
  skip_special_tokens: true,
  clean_up_tokenization_spaces: true,
};

/** Tokens <-> ids. Grows when tokens are added. */
export class TokenTable {
  readonly #settings: TokenizerSettings;
  #added: AddedVocabulary;

  constructor(settings: TokenizerSettings) {
    this.#settings = settings;
    const cleaning = cleaningMap(settings);
    const known = new Map<string, string>();
    const normalized = (text: string) => {
      const found = known.get(text) ?? normalize(text, settings, cleaning);
      known.set(text, found);
      return found;
    };
    const vocabulary = new AddedVocabulary(settings.vocab, normalized);
    this.#added = vocabulary.with(settings.addedTokens).vocabulary;
    for (const [token, id] of settings.storedIds) {
      const given = this.#added.id(token);
      if (given === id) continue;
      warn(
        `Token ${shown(token)} has id ${id} in its file, but gets ${given}, as in the Rust library: the next free one, or that of the vocabulary`,
      );
      break;
    }
  }

  /** The vocabulary with the tokens added so far. */
  get added(): AddedVocabulary {
    return this.#added;
  }

  /** The id of a token; that of `unknown` when the token has none. */
  idOf(token: string, unknown: string | null): number {
    const id = this.#added.id(token);
    return id >= 0 || unknown === null ? id : this.#added.id(unknown);
  }

  /** The token with this id, or '' for an unused one. @throws RangeError for an id out of range */
  tokenOf(id: Id): string {
    return this.#added.token(this.#checked(id)) ?? '';
  }

  /**
   * The tokens with these ids, as they appear in text. @throws RangeError for an id out of range
   */
  decoded(ids: readonly Id[], skipsSpecial: boolean): string[] {
    const tokens: string[] = [];
    for (const id of ids) {
      const token = this.#added.decoded(this.#checked(id));
      const isSkipped = skipsSpecial && this.#added.isSpecial(token ?? '');
      if (token !== undefined && !isSkipped) tokens.push(token);
    }
    return tokens;
  }

  /** The added tokens by id, in order of ids. */
  addedById(): Map<number, AddedToken> {
    return new Map([...this.#added.tokens].sort((a, b) => a[0] - b[0]));
  }

  /** The text of tokens: those with the prefix of continuing pieces follow without a blank. */
  join(tokens: readonly string[]): string {
    const { decoder } = this.#settings;
    if (!decoder) return tokens.join(' ');
    const { prefix, cleanup } = decoder;
    const parts = tokens.map((token, i) => {
      const isPiece = token.startsWith(prefix);
      const part = i === 0 ? token : isPiece ? token.slice(prefix.length) : ` ${token}`;
      return cleanup ? cleanUp(part.replaceAll(' do not', " don't")) : part;
    });
    return parts.join('');
  }

  /** Adds tokens. @returns how many were new or changed */
  add(tokens: readonly AddedToken[]): number {
    const { vocabulary, count } = this.#added.with(tokens);
    this.#added = vocabulary;
    return count;
  }

  /** Every token with its id. */
  vocabulary(): Map<string, number> {
    return new Map([...this.#settings.vocab.entries(), ...this.addedTokens()]);
  }

  /** The added tokens with their ids, in order of ids. */
  addedTokens(): Map<string, number> {
    return new Map(Array.from(this.addedById(), ([id, token]) => [token.content, id]));
  }

  #checked(id: Id): number {
    const number = isId(id) ? Number(id) : Number.NaN;
    if (Number.isInteger(number) && number >= 0 && number < this.#added.limit) return number;
    throw new RangeError(
      `Cannot read a token id: found ${shown(id)}, expected a whole number below ${this.#added.limit}`,
    );
  }
}

/** Blanks that tokenizing puts before punctuation and contractions. */
const ARTIFACTS = [' .', ' ?', ' !', ' ,', " ' ", " n't", " 'm", " 's", " 've", " 're"];

/** Drops the blanks before punctuation and contractions. */
export function cleanUp(text: string): string {
  return ARTIFACTS.reduce((result, part) => result.replaceAll(part, part.trim()), text);
}

/**
 * Any array or Tensor as plain arrays, nested in the same way.
 * @throws TypeError for others, and for arrays in rows
 */
export function listed(ids: unknown, depth = 2): unknown[] {
  if (Array.isArray(ids) && depth > 0) {
    return ids.map((id) => (isId(id) ? id : listed(id, depth - 1)));
  }
  if (isId(ids)) return [ids];
  if (ArrayBuffer.isView(ids)) return [...(ids as Int32Array)];
  const tensor = ids as DataTensor | null;
  if (typeof tensor?.tolist === 'function') return tensor.tolist() as Id[];
  throw new TypeError(
    `Cannot read token ids: found ${shown(ids)}, expected ids, arrays or a Tensor`,
  );
}

/** The ids of one text. @throws TypeError for anything but an array or Tensor [S] */
export function row(ids: unknown): Id[] {
  const list = isId(ids) ? ids : listed(ids, 1);
  if (Array.isArray(list) && list.every(isId)) return list;
  throw new TypeError('Cannot read token ids: found rows or a single id, expected ids of one text');
}

/** The argument if it is a list of tokens. @throws TypeError for anything else */
export function tokenList(tokens: unknown): readonly string[] {
  const isList = Array.isArray(tokens);
  const other = isList ? tokens.find((token) => typeof token !== 'string') : tokens;
  if (isList && other === undefined && !tokens.includes(undefined)) return tokens;
  throw new TypeError(`Cannot read tokens: found ${shown(other)}, expected strings in an array`);
}

/** Whether it is a single id. */
export function isId(id: unknown): id is Id {
  return typeof id === 'number' || typeof id === 'bigint';
}
