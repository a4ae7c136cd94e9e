/**
 * A route: how a path of a server answers a body. It checks the JSON object before a model is
 * loaded, and returns a value that becomes JSON. tasks.ts has the routes of all tasks; a custom
 * route is an object with the two methods of `Route`.
 */

import type { Source } from '../hub/source.ts';
import type { PreTrainedModel } from '../models/pretrained-model.ts';
import { checkOptionNames, type OptionNames } from '../options.ts';
import { loadPipeline, type PipelineClasses, type PipelineOptions } from '../pipelines/base.ts';
import type { Body } from './body.ts';

/**
 * How a path answers.
 *
 * @typeParam Place what the server passes besides a request, such as the bindings of a Worker
 * @typeParam Input what `read` makes of a body
 */
export interface Route<Place = unknown, Input = unknown> {
  /**
   * Checks a body and returns what `answer` needs of it.
   *
   * @param maxTexts the number of texts that a model may read for one request
   * @throws InputError for an invalid body: the client gets the message, with status 400
   */
  read(body: Body, maxTexts: number): Input;
  /** Loads the model. Called once, at the first request; after a failure, again at the next one. */
  open(place: Place): Promise<Answerer<Input>>;
}

/** An open route. */
export interface Answerer<Input = unknown> {
  /**
   * @param signal aborts when the client disconnects
   * @returns a value that becomes JSON
   * @throws InputError for an invalid input: status 400, as for `read`
   */
  answer(input: Input, signal: AbortSignal | undefined): Promise<unknown>;
}

/** The model of a task, and its options. */
export interface TaskSetup<Place = unknown, Options = object> {
  /**
   * The model, as `pipeline()` takes it; or a function that finds it in what the server passes (the
   * assets of a Worker, a bucket), called once.
   */
  readonly model: Source | ((place: Place) => Source | Promise<Source>);
  /** Options of loading, as `pipeline()` takes them: `{ dtype: 'q8' }`. */
  readonly load?: PipelineOptions | undefined;
  /** Options of every call, chosen by the server, not by the client: `{ top_k: 3 }`. */
  readonly options?: Options | undefined;
}

/** The classes of a task, and how they answer a body. */
interface TaskParts<M, P, Input, Options> extends PipelineClasses<M, P> {
  read: Route<unknown, Input>['read'];
  call(pipe: P, input: Input, options: Options & { signal: AbortSignal | undefined }): unknown;
}

const SETUP: OptionNames<TaskSetup> = { model: true, load: true, options: true };

/** The route of a task. @throws TypeError for an unknown field of the setup, and without a model */
export function taskRoute<M extends PreTrainedModel<never>, P, Input, Options, Place>(
  setup: TaskSetup<Place, Options>,
  { read, call, ...classes }: TaskParts<M, P, Input, Options>,
): Route<Place, Input> {
  checkOptionNames(`serve ${classes.task}`, setup, SETUP);
  const { model, load = {}, options } = setup ?? {};
  if (model === undefined || model === null) {
    throw new TypeError(`Cannot serve ${classes.task}: found no model, expected one`);
  }
  return {
    read,
    async open(place) {
      const source = typeof model === 'function' ? await model(place) : model;
      const pipe = await loadPipeline(classes, source, load);
      return {
        answer: async (input, signal) => call(pipe, input, { ...(options as Options), signal }),
      };
    },
  };
}
