/**
 * The data properties of a tokenizer: special tokens (`pad_token`, `pad_token_id` and so on) and
 * settings. A special token can be set by its content or its id, if the vocabulary has it;
 * `add_special_tokens` adds others. As in Python, what is put around texts does not change with
 * `cls_token` and `sep_token`, nor the id of unknown words with `unk_token`.
 */

import { TokenizerError } from '../../errors.ts';
import { checkOptionNames, suggestion } from '../../options.ts';
import type { TokenizerSettings } from '../files/settings.ts';
import {
  type AddedToken,
  type AddedTokenLike,
  addedToken,
  SPECIAL_TOKENS,
  type SpecialTokenName,
} from '../text/added-tokens.ts';
import { shown } from '../text/shown.ts';
import type { Id, TokenTable } from './token-table.ts';

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
  Record<`${SpecialTokenName}_id`, number | null>;

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
 * @param table looks up special tokens, whenever they are read or set by their ids
 */
export function defineProperties(
  tokenizer: TokenizerProperties,
  settings: TokenizerSettings,
  table: TokenTable,
): void {
  for (const name of SETTINGS) {
    const set = (value: never) => {
      const known: unknown = settings[name];
      if (typeof value !== typeof known || Array.isArray(value) !== Array.isArray(known)) {
        const kind = Array.isArray(known) ? 'a list' : `a ${typeof known}`;
        throw new TypeError(`Cannot set ${name}: found ${shown(value)}, expected ${kind}`);
      }
      settings[name] = value;
    };
    Object.defineProperty(tokenizer, name, { get: () => settings[name], set });
  }
  for (const name of NAMES) {
    let token = settings.specialTokens[name] ?? null;
    Object.defineProperty(tokenizer, name, {
      enumerable: true,
      get: () => token,
      set: (value: AddedTokenLike | null) => {
        token = value === null ? null : knownToken(name, value, table);
      },
    });
    Object.defineProperty(tokenizer, `${name}_id`, {
      get: () => (token === null ? null : table.idOf(token, tokenizer.unk_token)),
      set: (id: Id | null) => {
        token = id === null ? null : knownToken(name, table.tokenOf(id), table);
      },
    });
  }
}

/**
 * The content of a special token.
 * @throws TokenizerError for one that the vocabulary lacks, TypeError for anything but a token
 */
export function knownToken(name: string, value: unknown, table: TokenTable): string {
  const content =
    typeof value === 'object' && value !== null ? Reflect.get(value, 'content') : value;
  if (typeof content !== 'string') {
    throw new TypeError(`Cannot set ${name}: found ${shown(value)}, expected a token or null`);
  }
  if (content !== '' && table.added.id(content) >= 0) return content;
  throw new TokenizerError(
    `Cannot set ${name}: found ${shown(content)}, expected a token of the vocabulary; add_special_tokens() adds others`,
  );
}

/** Whether `add_tokens` adds special tokens. @throws TypeError for an unknown option */
export function areSpecial(special_tokens: boolean | { special_tokens?: boolean }): boolean {
  if (typeof special_tokens === 'boolean') return special_tokens;
  checkOptionNames('add tokens', special_tokens, { special_tokens: true });
  return special_tokens?.special_tokens === true;
}

/** The special tokens of a tokenizer that are set, by name. */
export function specialTokensMap(tokenizer: SpecialTokens): SpecialTokensMap {
  const set = NAMES.flatMap((name) => (tokenizer[name] ? [[name, tokenizer[name]]] : []));
  return Object.fromEntries(set);
}

/**
 * Sets special tokens of a tokenizer, and adds those that its vocabulary lacks.
 * @returns how many tokens were added
 * @throws RangeError for a name that no special token has, before anything is set
 */
export function setSpecialTokens(
  tokenizer: SpecialTokens & { extra_special_tokens: string[] },
  table: TokenTable,
  tokens: NewSpecialTokens,
  replacesExtra: boolean,
): number {
  if (typeof tokens !== 'object' || tokens === null || Array.isArray(tokens)) {
    throw new TypeError(`Cannot add special tokens: found ${shown(tokens)}, expected them by name`);
  }
  const named: [SpecialTokenName, AddedToken][] = [];
  const added: AddedToken[] = [];
  let extra: string[] | undefined;
  for (const [name, value] of Object.entries(tokens)) {
    if (name === 'extra_special_tokens' || name === 'additional_special_tokens') {
      if (!Array.isArray(value)) {
        throw new TypeError(`Cannot add ${name}: found ${shown(value)}, expected a list`);
      }
      const more = value.map((token) => addedToken(token, true));
      extra = [...(extra ?? []), ...more.map((token) => token.content)];
      for (const token of more) added.push(token);
    } else if (Object.hasOwn(SPECIAL_TOKENS, name)) {
      const token = addedToken(value as AddedTokenLike, true);
      named.push([name as SpecialTokenName, token]);
      added.push(token);
    } else {
      const names = [...NAMES, 'extra_special_tokens'];
      throw new RangeError(
        `Cannot add a special token: name is ${shown(name)}, expected ${suggestion(name, names)}`,
      );
    }
  }
  const count = table.add(added);
  for (const [name, token] of named) tokenizer[name] = token.content;
  if (extra) {
    const kept = replacesExtra ? [] : tokenizer.extra_special_tokens;
    tokenizer.extra_special_tokens = [...new Set([...kept, ...extra])];
  }
  return count;
}
