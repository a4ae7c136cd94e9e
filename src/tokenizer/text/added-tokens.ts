/**
 * Added tokens: special tokens such as [MASK], and tokens that a user added. They are matched in
 * the text itself, before it is normalized and split
 * (tokenizers/src/tokenizer/added_vocabulary.rs).
 */

import { TokenizerError } from '../../errors.ts';
import { MaxMatch } from './max-match.ts';
import { shown } from './shown.ts';
import { isWhitespace } from './unicode.ts';
import type { Vocab } from './vocab.ts';

/**
 * The named special tokens, in the order of transformers' `SPECIAL_TOKENS_ATTRIBUTES`, as in BERT.
 */
export const SPECIAL_TOKENS = {
  bos_token: null,
  eos_token: null,
  unk_token: '[UNK]',
  sep_token: '[SEP]',
  pad_token: '[PAD]',
  cls_token: '[CLS]',
  mask_token: '[MASK]',
} as const;

/** Name of a special token. */
export type SpecialTokenName = keyof typeof SPECIAL_TOKENS;

/** A token matched in the text. Fields and defaults are those of Hugging Face's AddedToken. */
export interface AddedToken {
  content: string;
  /** Match only where no word character precedes or follows. */
  single_word: boolean;
  /** Include the white space on the left in the match. */
  lstrip: boolean;
  /** Include the white space on the right in the match. */
  rstrip: boolean;
  /** Match the normalized content in the normalized text. */
  normalized: boolean;
  /** Dropped by `skip_special_tokens`. */
  special: boolean;
}

const FLAGS = ['single_word', 'lstrip', 'rstrip', 'normalized', 'special'] as const;

/** An added token as callers and files write it. */
export type AddedTokenLike = string | (Partial<AddedToken> & { content: string });

/**
 * The token with all fields. `normalized` defaults to true unless the token is special.
 * @throws TokenizerError without content
 */
export function addedToken(token: AddedTokenLike, special: boolean): AddedToken {
  const fields = typeof token === 'string' ? { content: token } : token;
  if (typeof fields?.content !== 'string') {
    throw new TokenizerError(`Cannot add a token: found ${shown(fields)}, expected its content`);
  }
  for (const flag of FLAGS) {
    const value = fields[flag];
    if (value === undefined || typeof value === 'boolean') continue;
    throw new TokenizerError(
      `Cannot add the token ${shown(fields.content)}: ${flag} is ${shown(value)}, expected a boolean`,
    );
  }
  return {
    content: fields.content,
    single_word: fields.single_word ?? false,
    lstrip: fields.lstrip ?? false,
    rstrip: fields.rstrip ?? false,
    normalized: fields.normalized ?? !special,
    special: fields.special || special,
  };
}

/** An added token found at text[start, end). */
export interface Match {
  id: number;
  start: number;
  end: number;
}

/** A vocabulary with added tokens. Immutable: `with` returns a larger one. */
export class AddedVocabulary {
  /** The added tokens by id. */
  readonly tokens: ReadonlyMap<number, AddedToken>;
  readonly #ids: Map<string, number>;
  readonly #vocab: Vocab;
  readonly #normalize: (text: string) => string;
  /** The tokens that are matched in the raw text. */
  readonly #raw: MaxMatch;
  /** The tokens that are matched in the normalized text. */
  readonly #normalized: MaxMatch;
  /** Whether any token is matched in the normalized text. */
  readonly hasNormalized: boolean;
  /** One more than the largest id. */
  readonly limit: number;
  /** Number of tokens, vocabulary included. */
  readonly length: number;

  constructor(
    vocab: Vocab,
    normalize: (text: string) => string,
    tokens: ReadonlyMap<number, AddedToken> = new Map(),
  ) {
    this.#vocab = vocab;
    this.#normalize = normalize;
    this.tokens = tokens;
    this.#ids = new Map(Array.from(tokens, ([id, token]) => [token.content, id]));
    const raw: [string, number][] = [];
    const normalized: [string, number][] = [];
    let limit = vocab.lastId + 1;
    let beyond = 0;
    for (const [id, { content, normalized: isNormalized }] of tokens) {
      if (isNormalized) normalized.push([normalize(content), id]);
      else raw.push([content, id]);
      if (vocab.id(content) < 0) beyond++;
      limit = Math.max(limit, id + 1);
    }
    this.#raw = new MaxMatch(raw);
    this.#normalized = new MaxMatch(normalized);
    this.hasNormalized = normalized.some(([content]) => content !== '');
    this.limit = limit;
    this.length = vocab.size + beyond;
  }

  /** The id of a token, added or in the vocabulary, or -1. */
  id(token: string): number {
    return this.#ids.get(token) ?? this.#vocab.id(token);
  }

  /** The token with this id, added or in the vocabulary. */
  token(id: number): string | undefined {
    return this.tokens.get(id)?.content ?? this.#vocab.token(id);
  }

  /** The token with this id as it appears in decoded text: normalized where the token is. */
  decoded(id: number): string | undefined {
    const added = this.tokens.get(id);
    if (!added) return this.#vocab.token(id);
    return added.normalized ? this.#normalize(added.content) : added.content;
  }

  /** Whether `skip_special_tokens` drops a decoded token. */
  isSpecial(token: string): boolean {
    const id = this.#ids.get(token);
    return id !== undefined && this.tokens.get(id)!.special;
  }

  /**
   * These tokens and `added`. A token of the vocabulary keeps its id, others get the next free one.
   * @returns the larger vocabulary, and how many tokens are new or changed
   */
  with(added: readonly AddedToken[]): { vocabulary: AddedVocabulary; count: number } {
    const tokens = new Map(this.tokens);
    const ids = new Map(this.#ids);
    let next = this.#vocab.size;
    for (const id of tokens.keys()) next = Math.max(next, id + 1);
    let count = 0;
    for (const token of added) {
      const known = ids.get(token.content);
      const isSame = known !== undefined && areEqual(tokens.get(known)!, token);
      if (token.content === '' || isSame) continue;
      const inVocab = this.#vocab.id(token.content);
      const id = known ?? (inVocab >= 0 ? inVocab : next++);
      ids.set(token.content, id);
      tokens.set(id, token);
      count++;
    }
    return { vocabulary: new AddedVocabulary(this.#vocab, this.#normalize, tokens), count };
  }

  /**
   * The matches in the text, in order: leftmost first, and of those the longest.
   * @param isNormalized whether the text is normalized. Selects the tokens that can match: those
   *   with `normalized`, or else those without
   * @param skipsSpecial whether special tokens are ordinary text, so that they do not match
   */
  matches(text: string, isNormalized: boolean, skipsSpecial: boolean): Match[] {
    const found: Match[] = [];
    /** Blanks [blanksFrom, blanksTo) that a match included: they are not counted twice. */
    let [blanksFrom, blanksTo] = [0, 0];
    let free = 0;
    (isNormalized ? this.#normalized : this.#raw).search(text, (id, from, to) => {
      const token = this.tokens.get(id)!;
      let [start, end] = [from, to];
      if (token.special && skipsSpecial) return;
      if (token.single_word && touchesWord(text, start, end)) return;
      if (token.lstrip) while (start > free && isBlank(text, start - 1)) start--;
      if (token.rstrip) {
        if (end < blanksFrom || end > blanksTo) {
          [blanksFrom, blanksTo] = [end, end];
          while (blanksTo < text.length && isBlank(text, blanksTo)) blanksTo++;
        }
        end = blanksTo;
      }
      found.push({ id, start, end });
      free = end;
    });
    return found;
  }
}

function areEqual(a: AddedToken, b: AddedToken): boolean {
  return (Object.keys(a) as (keyof AddedToken)[]).every((key) => a[key] === b[key]);
}

function isBlank(text: string, index: number): boolean {
  return isWhitespace(text.charCodeAt(index));
}

const WORD = /[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d]/u;

/** Whether a word character directly precedes or follows text[start, end). */
function touchesWord(text: string, start: number, end: number): boolean {
  const before = Array.from(text.slice(Math.max(0, start - 2), start)).pop();
  const [after] = text.slice(end, end + 2);
  return [before, after].some((char = '') => WORD.test(char));
}
