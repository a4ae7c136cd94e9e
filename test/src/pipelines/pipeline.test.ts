import { describe, expect, expectTypeOf, it } from 'vitest';
import { FilesError } from '../../../src/errors.ts';
import { MobileBertForSequenceClassification } from '../../../src/models/heads/classification.ts';
import type { ReadyEvent } from '../../../src/pipelines/base.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import {
  type Classification,
  TextClassificationPipeline,
} from '../../../src/pipelines/text-classification.ts';
import { MobileBertTokenizer } from '../../../src/tokenizer/api/tokenizer.ts';
import { sourceOf } from './support.ts';

const source = sourceOf('sequence-single');

describe('pipeline()', () => {
  it.each(['text-classification', 'sentiment-analysis'] as const)('makes %s', async (task) => {
    const classify = await pipeline(task, source);
    expect(classify).toBeInstanceOf(TextClassificationPipeline);
    expect(classify).toBeTypeOf('function');
    expect(classify.task).toBe('text-classification');
    expect(classify.model).toBeInstanceOf(MobileBertForSequenceClassification);
    expect(classify.tokenizer).toBeInstanceOf(MobileBertTokenizer);
  });

  it.each(['summarization', '__proto__', 'constructor', ''])(
    'refuses the task "%s"',
    async (task) => {
      await expect(pipeline(task as 'text-classification', source)).rejects.toThrow(
        `Cannot make a pipeline: task is "${task}", expected one of "text-classification", `,
      );
    },
  );

  it.each([null, undefined, ''])('refuses %j as a model', async (none) => {
    await expect(pipeline('sentiment-analysis', none)).rejects.toThrow(
      'Cannot make a text-classification pipeline: found no model, expected a folder',
    );
  });

  it.each(['model.safetensors', 'vocab.txt', 'config.json'])(
    'says which file is missing: %s',
    async (file) => {
      const { [file]: _, ...rest } = source;
      await expect(pipeline('text-classification', rest)).rejects.toThrow(FilesError);
      await expect(pipeline('text-classification', rest)).rejects.toThrow(file);
    },
  );

  it('reads every file once, so that streams and responses will do', async () => {
    const streams = Object.entries(source).map(([name, content]) => [
      name,
      new Response(content instanceof Uint8Array ? content.slice() : JSON.stringify(content)),
    ]);
    const classify = await pipeline('text-classification', Object.fromEntries(streams));
    expect(await classify('pin')).toEqual(
      await (await pipeline('text-classification', source))('pin'),
    );
  });

  it('reports files, totals that only grow, and at last that it is ready', async () => {
    const events: { status: string; file?: string; progress?: number }[] = [];
    await pipeline('sentiment-analysis', source, {
      progress_callback: (event) => void events.push(event),
    });
    expect(events.at(-1)).toEqual({
      status: 'ready',
      task: 'text-classification',
      model: 'files',
    } satisfies ReadyEvent);
    const done = events.filter(({ status }) => status === 'done').map(({ file }) => file);
    expect(done.sort()).toEqual(['config.json', 'model.safetensors', 'vocab.txt']);
    const totals = events.filter(({ status }) => status === 'progress_total');
    expect(totals.at(-1)?.progress).toBe(100);
  });

  it('stops loading when it is aborted', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(pipeline('text-classification', source, { signal })).rejects.toThrow('enough');
  });

  it('hands options on to the model', async () => {
    const classify = await pipeline('text-classification', source, { variant: 'simd' });
    expect((await classify.model.info()).build).toBe('simd');
  });

  it('is disposed of with its model', async () => {
    const classify = await pipeline('text-classification', source);
    await classify.dispose();
    await expect(classify('pin')).rejects.toThrow('Cannot run the model: it is disposed');
  });

  it('types results by what is asked', async () => {
    const classify = await pipeline('sentiment-analysis', source);
    const many: string[] = ['pin'];
    const k: number = many.length + 1;
    expectTypeOf(await classify('pin')).toEqualTypeOf<Classification[]>();
    expectTypeOf(await classify('pin', { top_k: null })).toEqualTypeOf<Classification[]>();
    expectTypeOf(await classify(many)).toEqualTypeOf<Classification[]>();
    expectTypeOf(await classify(many, { top_k: 1 })).toEqualTypeOf<Classification[]>();
    expectTypeOf(await classify(many, { top_k: 2 })).toEqualTypeOf<Classification[][]>();
    expectTypeOf(await classify(many, { top_k: null })).toEqualTypeOf<Classification[][]>();
    expectTypeOf(await classify(many, { top_k: k })).toEqualTypeOf<
      Classification[] | Classification[][]
    >();
  });
});
