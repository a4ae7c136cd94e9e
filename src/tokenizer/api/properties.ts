/**
 * The data properties of a tokenizer: special tokens (`pad_token`, `pad_token_id` and so on) and
 * settings. Setting a special token does not add it to the vocabulary; `add_special_tokens` does.
 */

import type { TokenizerSettings } from '../files/settings.ts';
import {
  type AddedToken,
  type AddedTokenLike,
  addedToken,
  SPECIAL_TOKENS,
  type SpecialTokenName,
} from '../text/added-tokens.ts';

/** Settings that are properties, too. A new value holds from the next call on. */
const SETTINGS = [
  'clean_up_tokenization_spaces',
  'model_input_names',
  'model_max_length',
  'padding_side',
  'split_special_tokens',
  'truncation_side',
] as const;

/** The special tokens, null where one is not set, and their ids. */
type SpecialTokens = Record<SpecialTokenName, string | null> &
  Readonly<Record<`${SpecialTokenName}_id`, number | null>>;

/** The properties that `defineProperties` defines. */
export type TokenizerProperties = SpecialTokens &
  Pick<TokenizerSettings, (typeof SETTINGS)[number]>;

/** The special tokens that are set, by name. */
export type SpecialTokensMap = Partial<Record<SpecialTokenName, string>>;

/** The argument of `add_special_tokens`. */
export type NewSpecialTokens = Partial<Record<SpecialTokenName, AddedTokenLike>> & {
  extra_special_tokens?: readonly AddedTokenLike[];
  additional_special_tokens?: readonly AddedTokenLike[];
};

const NAMES = Object.keys(SPECIAL_TOKENS) as SpecialTokenName[];

/**
 * Defines the properties of a tokenizer.
 * @param settings read and written by the properties that are settings
 * @param idOf looks up the id of a special token, whenever the id is read
 */
export function defineProperties(
  tokenizer: TokenizerProperties,
  settings: TokenizerSettings,
  idOf: (token: string) => number,
): void {
  for (const name of SETTINGS) {
    const set = (value: never) => {
      settings[name] = value;
    };
    Object.defineProperty(tokenizer, name, { get: () => settings[name], set });
  }
  for (const name of NAMES) {
    tokenizer[name] = settings.specialTokens[name] ?? null;
    const get = () => (tokenizer[name] === null ? null : idOf(tokenizer[name]));
    Object.defineProperty(tokenizer, `${name}_id`, { get });
  }
}

/** The special tokens of a tokenizer that are set, by name. */
export function specialTokensMap(tokenizer: SpecialTokens): SpecialTokensMap {
  const set = NAMES.flatMap((name) => (tokenizer[name] ? [[name, tokenizer[name]]] : []));
  return Object.fromEntries(set);
}

/**
 * Sets special tokens of a tokenizer.
 * @returns the tokens, for the vocabulary
 * @throws RangeError for a name that no special token has
 */
export function setSpecialTokens(
  tokenizer: SpecialTokens & { extra_special_tokens: string[] },
  tokens: NewSpecialTokens,
  replacesExtra: boolean,
): AddedToken[] {
  const added: AddedToken[] = [];
  for (const [name, value] of Object.entries(tokens)) {
    if (name === 'extra_special_tokens' || name === 'additional_special_tokens') {
      const extra = (value as AddedTokenLike[]).map((token) => addedToken(token, true));
      const kept = replacesExtra ? [] : tokenizer.extra_special_tokens;
      const contents = extra.map((token) => token.content);
      tokenizer.extra_special_tokens = [...new Set([...kept, ...contents])];
      added.push(...extra);
    } else if (Object.hasOwn(SPECIAL_TOKENS, name)) {
      const token = addedToken(value as AddedTokenLike, true);
      tokenizer[name as SpecialTokenName] = token.content;
      added.push(token);
    } else {
      const names = [...NAMES, 'extra_special_tokens'].join(', ');
      throw new RangeError(
        `Cannot add a special token: name is "${name}", expected one of ${names}`,
      );
    }
  }
  return added;
}
