/**
 * token-classification: texts -> labelled tokens, or entities. The call is transformers.js'
 * (pipelines/token-classification.js); aggregation, places, windows and words are Python's
 * (pipelines/token_classification.py).
 */

import { MobileBertForTokenClassification } from '../models/heads/classification.ts';
import { softmax } from '../tensor/math.ts';
import { checkModel, Pipeline, type PipelineParts } from './base.ts';
import type { EncodeOptions } from './encode.ts';
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
import { codePointLength, indexIn, type OffsetUnit } from './offsets.ts';
import { checkInteger, checkWord } from './options.ts';
import { raggedPasses } from './ragged.ts';
import { kindOf, textsOf } from './texts.ts';
import { type Sentence, type TokenRow, tokenRows } from './token-rows.ts';

export interface TokenClassificationOptions extends EncodeOptions {
  /**
   * none (default): tokens; simple: neighbours of one label; first, average, max: the same, and a
   * word has one label: that of its first token, of its mean scores, or of its surest token.
   */
  aggregation_strategy?: AggregationStrategy | undefined;
  /** Labels that are left out, after aggregation. Default ['O']. */
  ignore_labels?: readonly string[] | null | undefined;
  /**
   * Reads long texts in windows that share this many tokens; needs an aggregation strategy. Of
   * entities that overlap the longer ones are kept. Default: long texts are cut.
   */
  stride?: number | null | undefined;
  /** Texts come as lists of words. Default `false`. */
  is_split_into_words?: boolean | undefined;
  /** What stands between words in the text that places refer to. Default a blank. */
  delimiter?: string | null | undefined;
  /** Unit of `start` and `end`: UTF-16 units (default) or code points, as Python counts. */
  offset_unit?: OffsetUnit | undefined;
}

type Texts = string | readonly string[] | readonly (readonly string[])[];

/** What an aggregation strategy gives. */
export type EntityOf<S> = S extends 'none' | undefined ? TokenEntity : EntityGroup;

/** A list for one text; a list of lists for a batch and, as in Python, for one list of words. */
export type TokenClassificationResult<Input, S> = Input extends string
  ? EntityOf<S>[]
  : EntityOf<S>[][];

export interface TokenClassificationPipeline {
  /**
   * Labels the tokens of a text or a batch; results are in the order of the texts.
   *
   * @throws TypeError or RangeError on inputs and options that make no sense
   */
  <Input extends Texts, S extends AggregationStrategy | undefined = 'none'>(
    texts: Input,
    options?: TokenClassificationOptions & { aggregation_strategy?: S },
  ): Promise<TokenClassificationResult<Input, S>>;
}

/**
 * Labels for tokens, or entities with their places in the text.
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
    for await (const { indices, buffers } of raggedPasses(model, rows, ['TokenLogits'], signal)) {
      let at = 0;
      for (const index of indices) {
        const row = rows[index]!;
        const end = at + row.input_ids.length * C;
        const logits = buffers.TokenLogits!.subarray(at, end);
        at = end;
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
      // Only entities have windows, see checkOptions.
      const all = parts.length > 1 ? withoutOverlaps(parts.flat() as EntityGroup[]) : parts[0]!;
      const indexOf = indexIn(sentences[i]!.text, offset_unit);
      return all.map((one) => ({ ...one, start: indexOf(one.start), end: indexOf(one.end) }));
    });
    return typeof texts === 'string' ? results[0]! : results;
  }

  /** The tokens of a row, special ones left out, with softmax of their logits [S,C]. */
  #scored(row: TokenRow, text: string, logits: Float32Array): ScoredToken[] {
    const C = logits.length / row.input_ids.length;
    return row.places.map(([start, end], i): ScoredToken => {
      const index = i + 1; // after [CLS]
      const id = row.input_ids[index]!;
      const source = text.slice(start, end);
      const isUnknown = id === this.tokenizer.unk_token_id;
      const token = this.tokenizer.convert_ids_to_tokens(id);
      return {
        word: isUnknown ? source : token,
        scores: softmax(logits.slice(index * C, (index + 1) * C)),
        ...{ index, start, end },
        // Python's test: `##` makes a token longer than its source.
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
  indexIn('', offset_unit);
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
      'Cannot label tokens: found stride with aggregation_strategy "none", expected another strategy to join windows with',
    );
  }
  return { strategy, stride, ignored: new Set(labelsOf(ignore_labels ?? ['O'])) };
}

/** An empty list is one, other than for texts: no label is left out then. */
function labelsOf(labels: unknown): string[] {
  if (Array.isArray(labels) && labels.length === 0) return [];
  return textsOf('label tokens', 'ignore_labels', labels);
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
