/**
 * The named special tokens of a tokenizer as properties: `pad_token`, `pad_token_id` and so on, in
 * the order of transformers' `SPECIAL_TOKENS_ATTRIBUTES`. Setting one does not add it to the
 * vocabulary; `add_special_tokens` does.
 */

import { Callable } from '../../callable.ts';

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

/** The names alone. */
const NAMES = Object.keys(SPECIAL_TOKENS) as SpecialTokenName[];

/** Properties for the special tokens; null where there is none. */
export abstract class SpecialTokens extends Callable<never, unknown> {
  declare bos_token: string | null;
  declare eos_token: string | null;
  declare unk_token: string | null;
  declare sep_token: string | null;
  declare pad_token: string | null;
  declare cls_token: string | null;
  declare mask_token: string | null;
  declare readonly bos_token_id: number | null;
  declare readonly eos_token_id: number | null;
  declare readonly unk_token_id: number | null;
  declare readonly sep_token_id: number | null;
  declare readonly pad_token_id: number | null;
  declare readonly cls_token_id: number | null;
  declare readonly mask_token_id: number | null;
  /** Special tokens without a name of their own. */
  extra_special_tokens: string[] = [];

  constructor() {
    super();
    for (const name of NAMES) {
      this[name] = null;
      const get = () => (this[name] === null ? null : this.idOf(this[name]));
      Object.defineProperty(this, `${name}_id`, { get });
    }
  }

  /** The id of a token; that of the unknown token where it is in no vocabulary. */
  protected abstract idOf(token: string): number;

  get extra_special_tokens_ids(): number[] {
    return this.extra_special_tokens.map((token) => this.idOf(token));
  }

  /** The named special tokens that are set. */
  get special_tokens_map(): Partial<Record<SpecialTokenName, string>> {
    return Object.fromEntries(NAMES.flatMap((name) => (this[name] ? [[name, this[name]]] : [])));
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
}
