/**
 * Scores of tokens -> entities of a text. Mirrors aggregate, group_entities and
 * aggregate_overlapping_entities of transformers' pipelines/token_classification.py. Offsets are in
 * UTF-16 code units.
 */

import { topIndices } from './scores.ts';

const STRATEGIES = ['none', 'simple', 'first', 'average', 'max'] as const;

/** How tokens become entities; see `aggregation_strategy` of TokenClassificationOptions. */
export type AggregationStrategy = (typeof STRATEGIES)[number];

/** All strategies, for checks and messages. */
export const AGGREGATION_STRATEGIES: readonly AggregationStrategy[] = STRATEGIES;

/** A token and its best label. */
export interface TokenEntity {
  /** The name in `id2label` of the model's configuration, such as 'B-PER'. */
  entity: string;
  /** Probability of the label. */
  score: number;
  /** Position among the tokens that the model read; [CLS] is 0. */
  index: number;
  /** The token as in the vocabulary, where `##` continues a word. */
  word: string;
  /** Offset of the token in the text, in the unit that `offset_unit` sets. */
  start: number;
  /** Offset after the token. */
  end: number;
}

/** Neighbouring tokens with the same label: an entity. */
export interface EntityGroup {
  /** The label without its prefix `B-` or `I-`. */
  entity_group: string;
  /** Mean probability of the label over its tokens, or words. */
  score: number;
  /** The tokens as text. */
  word: string;
  /** Offset of the entity in the text, in the unit that `offset_unit` sets. */
  start: number;
  /** Offset after the entity. */
  end: number;
}

/** A token with the scores [C] of all labels. */
export interface ScoredToken {
  readonly word: string;
  readonly scores: Float32Array;
  readonly index: number;
  readonly start: number;
  readonly end: number;
  /** Whether it continues the word of the token before it. */
  readonly isSubword: boolean;
}

/** How a model names its labels, and how its tokenizer joins tokens. */
export interface Naming {
  label(index: number): string;
  /** Tokens -> text. */
  join(tokens: readonly string[]): string;
}

/** A token or word and its best label. */
type Labelled = Omit<TokenEntity, 'index'>;

/** The best label of each token. */
export function tokenEntities(tokens: readonly ScoredToken[], { label }: Naming): TokenEntity[] {
  return tokens.map(({ scores, index, word, start, end }) => {
    const best = bestOf(scores);
    return { entity: label(best), score: scores[best]!, index, word, start, end };
  });
}

/** The entities of all labels, 'O' included. */
export function entityGroups(
  tokens: readonly ScoredToken[],
  strategy: Exclude<AggregationStrategy, 'none'>,
  naming: Naming,
): EntityGroup[] {
  const labelled: readonly Labelled[] =
    strategy === 'simple'
      ? tokenEntities(tokens, naming)
      : wordsOf(tokens).map((word) => labelWord(word, strategy, naming));
  const groups: Labelled[][] = [];
  for (const one of labelled) {
    const last = groups.at(-1);
    const [kind, tag] = splitLabel(one.entity);
    if (last && kind === 'I' && splitLabel(last.at(-1)!.entity)[1] === tag) last.push(one);
    else groups.push([one]);
  }
  return groups.map((group) => ({
    // Python, too, removes everything up to the first hyphen, whatever the prefix is.
    entity_group: group[0]!.entity.replace(/^[^-]*-/, ''),
    score: group.reduce((sum, { score }) => sum + score, 0) / group.length,
    word: naming.join(group.map(({ word }) => word)),
    start: group[0]!.start,
    end: group.at(-1)!.end,
  }));
}

/**
 * Removes overlaps, which arise where two windows find the same entity: the longer one is kept, of
 * equally long ones the one with the higher score.
 */
export function withoutOverlaps(entities: readonly EntityGroup[]): EntityGroup[] {
  const kept: EntityGroup[] = [];
  for (const entity of [...entities].sort((a, b) => a.start - b.start)) {
    const last = kept.at(-1);
    if (!last || entity.start >= last.end) kept.push(entity);
    else if (isBetter(entity, last)) kept[kept.length - 1] = entity;
  }
  return kept;
}

function isBetter(a: EntityGroup, b: EntityGroup): boolean {
  const longer = a.end - a.start - (b.end - b.start);
  return longer > 0 || (longer === 0 && a.score > b.score);
}

function wordsOf(tokens: readonly ScoredToken[]): ScoredToken[][] {
  const words: ScoredToken[][] = [];
  for (const token of tokens) {
    if (token.isSubword && words.length > 0) words.at(-1)!.push(token);
    else words.push([token]);
  }
  return words;
}

function labelWord(
  tokens: readonly ScoredToken[],
  strategy: 'first' | 'average' | 'max',
  { label, join }: Naming,
): Labelled {
  const scores = wordScores(tokens, strategy);
  const best = bestOf(scores);
  return {
    entity: label(best),
    score: scores[best]!,
    word: join(tokens.map(({ word }) => word)),
    start: tokens[0]!.start,
    end: tokens.at(-1)!.end,
  };
}

/** The scores [C] of a word, made of those of its tokens. */
function wordScores(
  tokens: readonly ScoredToken[],
  strategy: 'first' | 'average' | 'max',
): Float32Array {
  if (strategy === 'first') return tokens[0]!.scores;
  if (strategy === 'average') {
    const sumOf = (c: number) => tokens.reduce((sum, { scores }) => sum + scores[c]!, 0);
    return tokens[0]!.scores.map((_, c) => sumOf(c) / tokens.length);
  }
  const highest = ({ scores }: ScoredToken) => scores[bestOf(scores)]!;
  return tokens.reduce((best, token) => (highest(token) > highest(best) ? token : best)).scores;
}

function bestOf(scores: Float32Array): number {
  return topIndices(scores, 1)[0]!;
}

/** `B-` begins an entity; any other label continues one. */
function splitLabel(label: string): [kind: 'B' | 'I', tag: string] {
  if (label.startsWith('B-')) return ['B', label.slice(2)];
  return ['I', label.startsWith('I-') ? label.slice(2) : label];
}
