/**
 * Scores of tokens -> entities of a text. Mirrors aggregate, group_entities and
 * aggregate_overlapping_entities of transformers' pipelines/token_classification.py. Places are
 * UTF-16 units of the text.
 */

import { topIndices } from './scores.ts';

const STRATEGIES = ['none', 'simple', 'first', 'average', 'max'] as const;

/** How tokens become entities: not at all, neighbours of one label, or words of one label first. */
export type AggregationStrategy = (typeof STRATEGIES)[number];

/** All strategies, for messages and checks. */
export const AGGREGATION_STRATEGIES: readonly AggregationStrategy[] = STRATEGIES;

/** A token and its label. */
export interface TokenEntity {
  entity: string;
  score: number;
  /** Place among the tokens that the model read, [CLS] being 0. */
  index: number;
  /** As in the vocabulary: `##` begins what continues a word. */
  word: string;
  start: number;
  end: number;
}

/** Neighbouring tokens of one label, the `B-` or `I-` before it taken off. */
export interface EntityGroup {
  entity_group: string;
  score: number;
  word: string;
  start: number;
  end: number;
}

/** A token with the scores [C] of all labels. */
export interface ScoredToken {
  readonly word: string;
  readonly scores: Float32Array;
  readonly index: number;
  readonly start: number;
  readonly end: number;
  /** Whether it goes on with the word before. */
  readonly isSubword: boolean;
}

/** What aggregation needs to know of a model and its tokenizer. */
export interface Naming {
  label(index: number): string;
  /** Text of tokens. */
  join(tokens: readonly string[]): string;
}

/** A token, or word, with the label that was chosen for it. */
type Labelled = Omit<TokenEntity, 'index'>;

/** Each token with its best label. */
export function tokenEntities(tokens: readonly ScoredToken[], { label }: Naming): TokenEntity[] {
  return tokens.map(({ scores, index, word, start, end }) => {
    const best = bestOf(scores);
    return { entity: label(best), score: scores[best]!, index, word, start, end };
  });
}

/** Entities of all labels, those that stand for nothing among them. */
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
    // Everything up to the first hyphen goes, whatever it is, as in Python.
    entity_group: group[0]!.entity.replace(/^[^-]*-/, ''),
    score: group.reduce((sum, { score }) => sum + score, 0) / group.length,
    word: naming.join(group.map(({ word }) => word)),
    start: group[0]!.start,
    end: group.at(-1)!.end,
  }));
}

/** Of entities that overlap, as windows find them twice, the longer ones; of equals the surer. */
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

/** Scores [C] that stand for a word. */
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

/** `B-` begins an entity; all other labels go on with one. */
function splitLabel(label: string): [kind: 'B' | 'I', tag: string] {
  if (label.startsWith('B-')) return ['B', label.slice(2)];
  return ['I', label.startsWith('I-') ? label.slice(2) : label];
}
