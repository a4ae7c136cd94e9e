/**
 * The fields of MobileBertConfig: one rule for the value of each, checked before anything uses it.
 * A config.json may come from anywhere: it must not ask for absurd sizes or bring NaN.
 */

import { ConfigError } from '../errors.ts';
import { isPrunedHeads } from './pruned-heads.ts';

interface Rule<T = unknown> {
  /** For error messages: "expected <wanted>". */
  readonly wanted: string;
  readonly test: (value: unknown) => value is T;
}

/** The largest size of one dimension, far above that of any real model. */
const MAX_SIZE = 2 ** 20;

/** Activations of `hidden_act` that the kernels know. */
export const ACTIVATIONS = ['relu', 'gelu', 'silu', 'gelu_new'] as const;
/** Values of `normalization_type`. */
export const NORMALIZATIONS = ['no_norm', 'layer_norm'] as const;
/** Values of `problem_type`, next to null. */
export const PROBLEM_TYPES = [
  'regression',
  'single_label_classification',
  'multi_label_classification',
] as const;

const size = integer(1, MAX_SIZE);
const share = real(0, 1);
const flag: Rule<boolean> = {
  wanted: 'true or false',
  test: (value) => typeof value === 'boolean',
};

/** One rule per field, in the order Hugging Face's configuration_mobilebert.py lists them. */
export const FIELDS = {
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: integer(0, 1024),
  num_attention_heads: size,
  intermediate_size: size,
  hidden_act: oneOf(ACTIVATIONS),
  hidden_dropout_prob: share,
  attention_probs_dropout_prob: share,
  max_position_embeddings: size,
  type_vocab_size: size,
  initializer_range: real(0, 1e6),
  layer_norm_eps: real(0, 1e6),
  pad_token_id: orNull(integer(-MAX_SIZE, MAX_SIZE)),
  embedding_size: size,
  trigram_input: flag,
  use_bottleneck: flag,
  intra_bottleneck_size: size,
  use_bottleneck_attention: flag,
  key_query_shared_bottleneck: flag,
  num_feedforward_networks: integer(1, 1024),
  normalization_type: oneOf(NORMALIZATIONS),
  classifier_activation: flag,
  classifier_dropout: orNull(share),
  tie_word_embeddings: flag,
} as const satisfies Record<string, Rule>;

/** Fields of every Hugging Face configuration; written only where they differ from the default. */
export const COMMON_FIELDS = {
  problem_type: orNull(oneOf(PROBLEM_TYPES)),
  output_hidden_states: flag,
  output_attentions: flag,
  architectures: orNull<string[]>({
    wanted: 'a list of class names',
    test: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
  }),
  pruned_heads: { wanted: 'lists of heads by layer', test: isPrunedHeads },
} as const satisfies Record<string, Rule>;

type Values<Rules> = { [Name in keyof Rules]: Rules[Name] extends Rule<infer T> ? T : never };

/** All fields that have a rule, with the types that the rules give them. */
export interface ConfigFields extends Values<typeof FIELDS>, Values<typeof COMMON_FIELDS> {}

const RULES: Record<string, Rule> = { ...FIELDS, ...COMMON_FIELDS };

/** Whether a field has a rule. */
export function isField(name: string): boolean {
  return Object.hasOwn(RULES, name);
}

/** Checks every field that has a rule. @throws ConfigError naming the first that breaks it */
export function checkFields(config: object): void {
  for (const [name, rule] of Object.entries(RULES)) {
    const value: unknown = Reflect.get(config, name);
    if (!rule.test(value)) throw fieldError(name, value, rule.wanted);
  }
}

/** The error for one field: its name, its value, and what was wanted. */
export function fieldError(name: string, value: unknown, wanted: string): ConfigError {
  return new ConfigError(`Cannot use config: "${name}" is ${show(value)}, expected ${wanted}`);
}

function integer(low: number, high: number): Rule<number> {
  return {
    wanted: `an integer from ${low} to ${high}`,
    test: (value): value is number => Number.isInteger(value) && within(value as number, low, high),
  };
}

function real(low: number, high: number): Rule<number> {
  return {
    wanted: `a number from ${low} to ${high}`,
    test: (value): value is number => typeof value === 'number' && within(value, low, high),
  };
}

function oneOf<const T extends string>(values: readonly T[]): Rule<T> {
  return {
    wanted: values
      .map((value) => `"${value}"`)
      .join(', ')
      .replace(/, (?=[^,]*$)/, ' or '),
    test: (value): value is T => values.includes(value as T),
  };
}

function orNull<T>(rule: Rule<T>): Rule<T | null> {
  return { wanted: `${rule.wanted}, or null`, test: (value) => value === null || rule.test(value) };
}

/** False for NaN, which compares false with everything. */
function within(value: number, low: number, high: number): boolean {
  return value >= low && value <= high;
}

/** A value for an error message: strings are quoted and cut, objects named by kind only. */
function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
}
