/**
 * The named special tokens of a tokenizer as properties: `pad_token`, `pad_token_id` and so on, in
 * the order of transformers' `SPECIAL_TOKENS_ATTRIBUTES`. Setting one does not add it to the
 * vocabulary; `add_special_tokens` does.
 */

import { Callable } from '../callable.ts';

/** The names of special tokens, with BERT's tokens. */
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

/** Properties for the special tokens; null where there is none. */
export abstract class SpecialTokens extends Callable<never, unknown> {
  bos_token: string | null = null;
  eos_token: string | null = null;
  unk_token: string | null = null;
  sep_token: string | null = null;
  pad_token: string | null = null;
  cls_token: string | null = null;
  mask_token: string | null = null;
  /** Special tokens without a name of their own. */
  extra_special_tokens: string[] = [];

  /** The id of a token; that of the unknown token where it is in no vocabulary. */
  protected abstract idOf(token: string): number;

  get bos_token_id(): number | null {
    return this.#id(this.bos_token);
  }
  get eos_token_id(): number | null {
    return this.#id(this.eos_token);
  }
  get unk_token_id(): number | null {
    return this.#id(this.unk_token);
  }
  get sep_token_id(): number | null {
    return this.#id(this.sep_token);
  }
  get pad_token_id(): number | null {
    return this.#id(this.pad_token);
  }
  get cls_token_id(): number | null {
    return this.#id(this.cls_token);
  }
  get mask_token_id(): number | null {
    return this.#id(this.mask_token);
  }
  get extra_special_tokens_ids(): number[] {
    return this.extra_special_tokens.map((token) => this.idOf(token));
  }

  /** The named special tokens that are set. */
  get special_tokens_map(): Partial<Record<SpecialTokenName, string>> {
    const names = Object.keys(SPECIAL_TOKENS) as SpecialTokenName[];
    return Object.fromEntries(names.flatMap((name) => (this[name] ? [[name, this[name]]] : [])));
  }

  /** Every special token once, named ones first. */
  get all_special_tokens(): string[] {
    const named = Object.values(this.special_tokens_map);
    return [...new Set([...named, ...this.extra_special_tokens])];
  }

  /** The ids of `all_special_tokens`. */
  get all_special_ids(): number[] {
    return this.all_special_tokens.map((token) => this.idOf(token));
  }

  #id(token: string | null): number | null {
    return token === null ? null : this.idOf(token);
  }
}
