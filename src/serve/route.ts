/**
 * A route: what a path of a server does with a body. In: a JSON object, checked before any model is
 * opened. Out: what becomes JSON. The routes of all tasks are in tasks.ts; one of your own is an
 * object of these two methods.
 */

import type { Source } from '../hub/source.ts';
import type { PreTrainedModel } from '../models/pretrained-model.ts';
import { loadPipeline, type PipelineClasses, type PipelineOptions } from '../pipelines/base.ts';

/** A parsed body: its own keys only are the client's. */
export type Body = Readonly<Record<string, unknown>>;

/**
 * What a path does.
 *
 * @typeParam Place what a server hands over beside a request, such as a Worker's bindings
 * @typeParam Input what a body becomes
 */
export interface Route<Place = unknown, Input = unknown> {
  /**
   * Checks a body and takes out what `answer` needs.
   *
   * @param maxTexts how many texts a model may read for it
   * @throws InputError for a body that has no answer: the client gets the message, with status 400
   */
  read(body: Body, maxTexts: number): Input;
  /** Makes ready to answer, once: at the first request, and after a failure at the next one. */
  open(place: Place): Promise<Answerer<Input>>;
}

/** What an open route is. */
export interface Answerer<Input = unknown> {
  /**
   * @param signal aborts when the client leaves
   * @returns what becomes JSON
   * @throws InputError for an input that has no answer, as `read` does
   */
  answer(input: Input, signal: AbortSignal | undefined): Promise<unknown>;
}

/** Which model answers a task, and how. */
export interface TaskSetup<Place = unknown, Options = object> {
  /**
   * The model, as `pipeline()` takes it; or what finds it where the server lends it (a Worker's
   * assets, a bucket), asked once.
   */
  readonly model: Source | ((place: Place) => Source | Promise<Source>);
  /** How it is loaded, as `pipeline()` takes it: `{ dtype: 'q8' }`. */
  readonly load?: PipelineOptions | undefined;
  /** Options of every call, which are the server's choice, not the client's: `{ top_k: 3 }`. */
  readonly options?: Options | undefined;
}

/** What makes a task of a pipeline. */
interface TaskParts<M, P, Input, Options> extends PipelineClasses<M, P> {
  read: Route<unknown, Input>['read'];
  call(pipe: P, input: Input, options: Options & { signal: AbortSignal | undefined }): unknown;
}

/** The route of a pipeline. */
export function taskRoute<M extends PreTrainedModel<never>, P, Input, Options, Place>(
  { model, load = {}, options }: TaskSetup<Place, Options>,
  { read, call, ...classes }: TaskParts<M, P, Input, Options>,
): Route<Place, Input> {
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
