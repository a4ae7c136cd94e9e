/**
 * token-classification: texts -> labelled tokens, or entities. The call is that of transformers.js
 * (pipelines/token-classification.js); aggregation, offsets, windows and input as words are those
 * of Python (pipelines/token_classification.py).
 */

import { MobileBertForTokenClassification } from '../models/heads/classification.ts';
import { softmax } from '../tensor/math.ts';
import {
  checkInteger,
  checkWord,
  kindOf,
  type OffsetUnit,
  offsetConverter,
  textsOf,
} from './arguments.ts';
import { checkModel, Pipeline, type PipelineParts } from './base.ts';
import {
  AGGREGATION_STRATEGIES,
  type AggregationStrategy,
  type EntityGroup,
  entityGroups,
  type ScoredToken,
  type TokenEntity,
  tokenEntities,
  withoutOverlaps,
} from './entities.ts';
import { raggedPasses, vectorsOfRows } from './ragged.ts';
import type { EncodeOptions } from './rows.ts';
import { type Sentence, type TokenRow, tokenRows } from './token-rows.ts';

export interface TokenClassificationOptions extends EncodeOptions {
  /**
   * How tokens become entities. 'none' (default): they do not, the result is tokens. 'simple':
   * neighbouring tokens with the same label are an entity, and `B-` begins a new one. 'first',
   * 'average' and 'max' label whole words before that: by the word's first token, by the mean
   * scores of its tokens, or by its token with the highest score.
   */
  aggregation_strategy?: AggregationStrategy | undefined;
  /** Labels to leave out of the result, after aggregation. Default ['O']. */
  ignore_labels?: readonly string[] | null | undefined;
  /**
   * Reads long texts in windows that share this many tokens; needs an aggregation strategy other
   * than 'none'. Of entities that overlap, the longest is kept. Default: long texts are cut.
   */
  stride?: number | null | undefined;
  /** Whether each text is given as a list of its words. Default `false`. */
  is_split_into_words?: boolean | undefined;
  /** Joins the words of a text; offsets count in the joined text. Default a space. */
  delimiter?: string | null | undefined;
  /** Unit of `start` and `end`: 'utf16' (default) code units, or 'codepoint' as Python counts. */
  offset_unit?: OffsetUnit | undefined;
}

type Texts = string | readonly string[] | readonly (readonly string[])[];

/** The items of a result: tokens with the strategy 'none', else entities. */
export type EntityOf<S> = S extends 'none' | undefined ? TokenEntity : EntityGroup;

/**
 * An array for one text; an array of arrays for a batch and, as in Python, for one list of words.
 */
export type TokenClassificationResult<Input, S> = Input extends string
  ? EntityOf<S>[]
  : EntityOf<S>[][];

export interface TokenClassificationPipeline {
  /**
   * Labels the tokens of a text, or of each text of a batch in its order.
   *
   * @throws TypeError for an argument of the wrong type, RangeError for an empty list or a wrong
   * option, InputError for texts that the model cannot read
   */
  <Input extends Texts, S extends AggregationStrategy | undefined = 'none'>(
    texts: Input,
    options?: TokenClassificationOptions & { aggregation_strategy?: S },
  ): Promise<TokenClassificationResult<Input, S>>;
}

/**
 * Labels tokens, or finds entities and their offsets in the text.
 *
 * @example
 * const tag = await pipeline('token-classification', './my-ner-model');
 * await tag('Ana lives in Rome', { aggregation_strategy: 'simple' });
 * // [{ entity_group: 'PER', score: 0.99, word: 'ana', start: 0, end: 3 }, ...]
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions, see Callable
export class TokenClassificationPipeline extends Pipeline<
  MobileBertForTokenClassification,
  [texts: Texts, options?: TokenClassificationOptions],
  (TokenEntity | EntityGroup)[] | (TokenEntity | EntityGroup)[][]
> {
  /** @throws TypeError when the model is no MobileBertForTokenClassification */
  constructor(parts: PipelineParts<MobileBertForTokenClassification>) {
    super(parts);
    checkModel('token-classification', parts.model, MobileBertForTokenClassification);
  }

  async _call(
    texts: Texts,
    options: TokenClassificationOptions = {},
  ): Promise<(TokenEntity | EntityGroup)[] | (TokenEntity | EntityGroup)[][]> {
    const { model, tokenizer } = this;
    const { signal, offset_unit } = options;
    const delimiter = options.delimiter ?? ' ';
    const { strategy, stride, ignored } = checkOptions(options);
    const sentences = sentencesOf(texts, options.is_split_into_words, delimiter);
    signal?.throwIfAborted();
    const encoding = { ...options, delimiter, stride };
    const rows = await tokenRows(sentences, tokenizer, model.config, encoding);
    const found = new Array<(TokenEntity | EntityGroup)[]>(rows.length);
    const C = model.config.num_labels;
    for await (const pass of raggedPasses(model, rows, ['TokenLogits'], signal)) {
      for (const [index, logits] of vectorsOfRows(pass, 'TokenLogits', rows, C)) {
        const row = rows[index]!;
        const tokens = this.#scored(row, sentences[row.sentence]!.text, logits);
        found[index] = this.#entities(tokens, strategy).filter(
          (one) => !ignored.has('entity' in one ? one.entity : one.entity_group),
        );
      }
    }
    const windows = sentences.map((): (TokenEntity | EntityGroup)[][] => []);
    rows.forEach(({ sentence }, index) => {
      windows[sentence]!.push(found[index]!);
    });
    const results = windows.map((parts, i) => {
      // Several windows are of entities, never of tokens: see checkOptions.
      const all = parts.length > 1 ? withoutOverlaps(parts.flat() as EntityGroup[]) : parts[0]!;
      const offsetOf = offsetConverter(sentences[i]!.text, offset_unit);
      return all.map((one) => ({ ...one, start: offsetOf(one.start), end: offsetOf(one.end) }));
    });
    return typeof texts === 'string' ? results[0]! : results;
  }

  /** The tokens of a row without special ones, scored by the softmax of their logits [S,C]. */
  #scored(row: TokenRow, text: string, logits: Float32Array): ScoredToken[] {
    const C = logits.length / row.input_ids.length;
    return row.offsets.map(([start, end], i): ScoredToken => {
      const index = i + 1; // after [CLS]
      const id = row.input_ids[index]!;
      const source = text.slice(start, end);
      const isUnknown = id === this.tokenizer.unk_token_id;
      const token = this.tokenizer.convert_ids_to_tokens(id);
      return {
        word: isUnknown ? source : token,
        scores: softmax(logits.slice(index * C, (index + 1) * C)),
        ...{ index, start, end },
        // The test of Python: `##` makes a token longer than its source.
        isSubword: !isUnknown && codePointLength(token) !== codePointLength(source),
      };
    });
  }

  #entities(tokens: readonly ScoredToken[], strategy: AggregationStrategy) {
    const { id2label } = this.model.config;
    const naming = {
      label: (index: number) => id2label[index] ?? `LABEL_${index}`,
      join: (words: readonly string[]) => this.tokenizer.convert_tokens_to_string(words),
    };
    return strategy === 'none'
      ? tokenEntities(tokens, naming)
      : entityGroups(tokens, strategy, naming);
  }
}

function checkOptions(options: TokenClassificationOptions) {
  const { aggregation_strategy = 'none', ignore_labels, offset_unit } = options;
  offsetConverter('', offset_unit); // throws for an unknown unit
  const strategy = checkWord(
    'label tokens',
    'aggregation_strategy',
    aggregation_strategy,
    AGGREGATION_STRATEGIES,
  );
  const stride =
    options.stride == null ? null : checkInteger('label tokens', 'stride', options.stride, 0);
  if (stride !== null && strategy === 'none') {
    throw new RangeError(
      'Cannot label tokens: found stride with aggregation_strategy "none", expected another strategy, which joins windows',
    );
  }
  return { strategy, stride, ignored: new Set(labelsOf(ignore_labels ?? ['O'])) };
}

/** Unlike a list of texts, a list of labels may be empty: then no label is left out. */
function labelsOf(labels: unknown): string[] {
  if (Array.isArray(labels) && labels.length === 0) return [];
  return textsOf('label tokens', 'ignore_labels', labels);
}

/** Length in code points. */
function codePointLength(text: string): number {
  let length = 0;
  for (const _ of text) length++;
  return length;
}

function sentencesOf(texts: unknown, isSplit: boolean | undefined, delimiter: string): Sentence[] {
  if (!isSplit) return textsOf('label tokens', 'texts', texts).map((text) => ({ text }));
  const isBatch = Array.isArray(texts) && texts.some(Array.isArray);
  const all: unknown[] = isBatch ? texts : [texts];
  return all.map((words, i) => {
    if (!Array.isArray(words)) {
      throw new TypeError(
        `Cannot label tokens: text ${i} is ${kindOf(words)}, expected an array of words, as is_split_into_words is set`,
      );
    }
    const checked = textsOf('label tokens', `text ${i}`, words);
    return { text: checked.join(delimiter), words: checked };
  });
}
