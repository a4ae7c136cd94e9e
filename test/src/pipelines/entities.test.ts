import { describe, expect, it } from 'vitest';
import {
  type EntityGroup,
  entityGroups,
  type ScoredToken,
  tokenEntities,
  withoutOverlaps,
} from '../../../src/pipelines/entities.ts';

const LABELS = ['O', 'B-PER', 'I-PER', 'B-LOC', 'I-LOC', 'plain'];

const naming = {
  label: (i: number) => LABELS[i]!,
  join: (tokens: readonly string[]) => tokens.join(' ').replaceAll(' ##', ''),
};

/**
 * Tokens of one letter each, with their label and its score: '0.7 B-PER'; `##` continues a word.
 */
function tokensOf(...labels: string[]): ScoredToken[] {
  return labels.map((text, index) => {
    const [score, label] = text.split(' ') as [string, string];
    const rest = (1 - Number(score)) / (LABELS.length - 1);
    const scores = Float32Array.from(LABELS, (one) => (one === label ? Number(score) : rest));
    const word = text.endsWith('##') ? '##x' : 'x';
    return { word, scores, index, start: index, end: index + 1, isSubword: word === '##x' };
  });
}

const shown = (groups: readonly EntityGroup[]) =>
  groups.map(({ entity_group, start, end }) => `${entity_group} ${start}-${end}`);

describe('entityGroups()', () => {
  // The cases of test_aggregate in transformers' tests/pipelines/test_pipelines_token_classification.py.
  it.each([
    ['joins what continues', ['0.9 B-PER', '0.9 I-PER'], ['PER 0-2']],
    ['separates two that begin', ['0.9 B-PER', '0.9 B-PER'], ['PER 0-1', 'PER 1-2']],
    ['separates different tags', ['0.9 I-PER', '0.9 I-LOC'], ['PER 0-1', 'LOC 1-2']],
    ['joins what begins in the middle', ['0.9 I-PER', '0.9 I-PER'], ['PER 0-2']],
    ['joins plain labels', ['0.9 plain', '0.9 plain', '0.9 O'], ['plain 0-2', 'O 2-3']],
    [
      'does not join across a gap',
      ['0.9 I-PER', '0.9 O', '0.9 I-PER'],
      ['PER 0-1', 'O 1-2', 'PER 2-3'],
    ],
  ])('%s', (_, tokens, expected) => {
    expect(shown(entityGroups(tokensOf(...tokens), 'simple', naming))).toEqual(expected);
  });

  it('gives the mean score and the joined words', () => {
    const [group] = entityGroups(tokensOf('0.5 B-PER', '0.75 I-PER ##'), 'simple', naming);
    expect(group).toEqual({ entity_group: 'PER', score: 0.625, word: 'xx', start: 0, end: 2 });
  });

  const torn = tokensOf('0.5 B-PER', '0.9 B-LOC ##', '0.9 B-LOC ##');
  it.each([
    ['simple', ['PER 0-1', 'LOC 1-2', 'LOC 2-3']],
    ['first', ['PER 0-3']],
    ['max', ['LOC 0-3']],
    ['average', ['LOC 0-3']],
  ] as const)('gives a word that disagrees by %s', (strategy, expected) => {
    expect(shown(entityGroups(torn, strategy, naming))).toEqual(expected);
  });

  it('gives nothing for nothing', () => {
    expect(entityGroups([], 'average', naming)).toEqual([]);
    expect(tokenEntities([], naming)).toEqual([]);
  });
});

describe('withoutOverlaps()', () => {
  const entity = (start: number, end: number, score = 0.5): EntityGroup => {
    return { entity_group: 'PER', score, word: '', start, end };
  };

  it.each([
    ['keeps what does not touch, in order', [entity(4, 6), entity(0, 4)], ['PER 0-4', 'PER 4-6']],
    ['keeps the longer', [entity(0, 3), entity(1, 9)], ['PER 1-9']],
    ['keeps the longer that came first', [entity(0, 9), entity(1, 4)], ['PER 0-9']],
    ['keeps one of two alike', [entity(0, 3), entity(0, 3)], ['PER 0-3']],
  ])('%s', (_, entities, expected) => {
    expect(shown(withoutOverlaps(entities))).toEqual(expected);
  });

  it('keeps the one with the higher score of two equally long', () => {
    expect(withoutOverlaps([entity(0, 3, 0.2), entity(0, 3, 0.8)])[0]!.score).toBe(0.8);
  });
});
