/**
 * multiple-choice: a text and its possible continuations -> how likely each one is: endings of a
 * story (SWAG), answers to a question (RACE). Neither transformers nor transformers.js has this
 * pipeline; the results look like those of fill-mask.
 */

import { MobileBertForMultipleChoice } from '../models/heads/classification.ts';
import { kindOf, type PerText, textsOf, topKOf } from './arguments.ts';
import { checkModel, Pipeline, type PipelineParts } from './base.ts';
import { raggedPasses } from './ragged.ts';
import { type EncodeOptions, encode, type Sample } from './rows.ts';
import { scoresOf, topIndices } from './scores.ts';

/** One of the choices and its score. */
export interface Choice {
  choice: string;
  /** Index among the choices that were given. */
  index: number;
  /** Probability: the softmax over all choices of the text. */
  score: number;
}

export interface MultipleChoiceOptions extends EncodeOptions {
  /** How many choices to give for each text, the best first. Default `null`: all. */
  top_k?: number | null | undefined;
}

type Choices = readonly string[] | readonly (readonly string[])[];

export interface MultipleChoicePipeline {
  /**
   * Ranks the choices of a text, or of each text of a batch: the best first, equal ones in the
   * order in which they were given.
   *
   * @param choices a list; for a batch also one list for each text
   * @throws TypeError for an argument of the wrong type, RangeError for an empty list, a wrong
   * number of lists or a wrong option, InputError for texts that the model cannot read
   */
  <Input extends string | readonly string[]>(
    texts: Input,
    choices: Input extends string ? readonly string[] : Choices,
    options?: MultipleChoiceOptions,
  ): Promise<PerText<Input, Choice[]>>;
}

/**
 * Finds the likeliest of several continuations. All pairs of text and choice run in one ragged
 * batch.
 *
 * @example
 * const choose = await pipeline('multiple-choice', './my-swag-model'); await choose('The glass fell
 * off the table.', ['It broke.', 'It flew away.']); // [{ choice: 'It broke.', index: 0, score: ...
 * }, { choice: 'It flew away.', index: 1, score: ... }]
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: instances are functions, see Callable
export class MultipleChoicePipeline extends Pipeline<
  MobileBertForMultipleChoice,
  [texts: string | readonly string[], choices: Choices, options?: MultipleChoiceOptions],
  Choice[] | Choice[][]
> {
  /** @throws TypeError when the model is no MobileBertForMultipleChoice */
  constructor(parts: PipelineParts<MobileBertForMultipleChoice>) {
    super(parts);
    checkModel('multiple-choice', parts.model, MobileBertForMultipleChoice);
  }

  async _call(
    texts: string | readonly string[],
    choices: Choices,
    options: MultipleChoiceOptions = {},
  ): Promise<Choice[] | Choice[][]> {
    const { signal } = options;
    const top_k = topKOf('choose', options.top_k, null);
    const list = textsOf('choose', 'texts', texts);
    const choicesOfTexts = choicesOf(choices, list.length, !Array.isArray(texts));
    const samples = list.flatMap((text, i): Sample[] =>
      choicesOfTexts[i]!.map((text_pair) => ({ text, text_pair })),
    );
    signal?.throwIfAborted();
    const rows = await encode(samples, this.tokenizer, this.model.config, options);
    const logits = new Float32Array(rows.length);
    for await (const pass of raggedPasses(this.model, rows, ['SequenceLogits'], signal)) {
      pass.indices.forEach((index, b) => {
        logits[index] = pass.buffers.SequenceLogits![b]!;
      });
    }
    let start = 0;
    const results = choicesOfTexts.map((ofText) => {
      const scores = scoresOf(logits.subarray(start, start + ofText.length), 'softmax');
      start += ofText.length;
      return topIndices(scores, top_k).map(
        (index): Choice => ({ choice: ofText[index]!, index, score: scores[index]! }),
      );
    });
    return Array.isArray(texts) ? results : results[0]!;
  }
}

/** The list of choices of each text. */
function choicesOf(choices: unknown, count: number, isSingle: boolean): string[][] {
  if (!Array.isArray(choices)) {
    throw new TypeError(`Cannot choose: choices is ${kindOf(choices)}, expected an array`);
  }
  if (isSingle || !Array.isArray(choices[0])) {
    const shared = textsOf('choose', 'choices', choices);
    return new Array<string[]>(count).fill(shared);
  }
  if (choices.length !== count) {
    throw new RangeError(
      `Cannot choose: found ${count} texts and ${choices.length} lists of choices, expected a list for each text`,
    );
  }
  return choices.map((list: unknown, i) => {
    if (Array.isArray(list)) return textsOf('choose', `choices[${i}]`, list);
    throw new TypeError(`Cannot choose: choices[${i}] is ${kindOf(list)}, expected an array`);
  });
}
