/** What all pipelines are: a task, a model and a tokenizer that go together, called like a function. */

import { Callable } from '../callable.ts';
import type { PreTrainedModel } from '../models/pretrained-model.ts';
import type { PreTrainedTokenizer } from '../tokenizer/api/tokenizer.ts';

/** What a pipeline is made of. */
export interface PipelineParts<M> {
  readonly task: string;
  readonly model: M;
  readonly tokenizer: PreTrainedTokenizer;
}

/** Base of the pipeline classes. */
export abstract class Pipeline<
  M extends PreTrainedModel<never>,
  Arguments extends unknown[],
  Result,
> extends Callable<Arguments, Promise<Result>> {
  readonly task: string;
  readonly model: M;
  readonly tokenizer: PreTrainedTokenizer;

  constructor({ task, model, tokenizer }: PipelineParts<M>) {
    super();
    this.task = task;
    this.model = model;
    this.tokenizer = tokenizer;
  }

  /** Gives the model's memory back; later calls are refused. */
  async dispose(): Promise<void> {
    await this.model.dispose();
  }
}

/**
 * Refuses a model that the task cannot use.
 *
 * @throws TypeError naming the class that is wanted
 */
export function checkModel(
  task: string,
  model: unknown,
  Class: abstract new (...args: never) => unknown,
): void {
  if (model instanceof Class) return;
  throw new TypeError(
    `Cannot make a ${task} pipeline: model is of another class, expected a ${Class.name}`,
  );
}
