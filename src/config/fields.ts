/**
 * What each field of MobileBertConfig may hold: one rule per field, checked before any work, so
 * that a config.json from anywhere can neither ask for absurd sizes nor smuggle in NaN.
 */

import { ConfigError } from '../errors.ts';
import { isPrunedHeads } from './pruned-heads.ts';

interface Rule {
  readonly wanted: string;
  readonly test: (value: unknown) => boolean;
}

/** The largest size of a single dimension. Every real model is far below it. */
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
const flag: Rule = { wanted: 'true or false', test: (value) => typeof value === 'boolean' };

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

/** Fields every Hugging Face configuration has; written only where they differ from the default. */
export const COMMON_FIELDS = {
  problem_type: orNull(oneOf(PROBLEM_TYPES)),
  output_hidden_states: flag,
  output_attentions: flag,
  architectures: orNull({
    wanted: 'a list of class names',
    test: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
  }),
  pruned_heads: { wanted: 'lists of heads by layer', test: isPrunedHeads },
} as const satisfies Record<string, Rule>;

const RULES: Record<string, Rule> = { ...FIELDS, ...COMMON_FIELDS };

/** Whether `name` is a field with a rule of its own. */
export function isField(name: string): boolean {
  return Object.hasOwn(RULES, name);
}

/** Checks every field of `config` that has a rule; ConfigError names the first that breaks it. */
export function checkFields(config: object): void {
  for (const [name, rule] of Object.entries(RULES)) {
    const value: unknown = Reflect.get(config, name);
    if (!rule.test(value)) throw fieldError(name, value, rule.wanted);
  }
}

/** The error for one field: its name, what it holds, what was wanted. */
export function fieldError(name: string, value: unknown, wanted: string): ConfigError {
  return new ConfigError(`Cannot use config: "${name}" is ${show(value)}, expected ${wanted}`);
}

function integer(low: number, high: number): Rule {
  return {
    wanted: `an integer from ${low} to ${high}`,
    test: (value) => Number.isInteger(value) && within(value as number, low, high),
  };
}

function real(low: number, high: number): Rule {
  return {
    wanted: `a number from ${low} to ${high}`,
    test: (value) => typeof value === 'number' && within(value, low, high),
  };
}

function oneOf(values: readonly string[]): Rule {
  return {
    wanted: values
      .map((value) => `"${value}"`)
      .join(', ')
      .replace(/, (?=[^,]*$)/, ' or '),
    test: (value) => values.includes(value as string),
  };
}

function orNull(rule: Rule): Rule {
  return { wanted: `${rule.wanted}, or null`, test: (value) => value === null || rule.test(value) };
}

/** False for NaN, which compares false with everything. */
function within(value: number, low: number, high: number): boolean {
  return value >= low && value <= high;
}

/** A value as an error message shows it: strings quoted and cut short, objects by kind alone. */
function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
}
