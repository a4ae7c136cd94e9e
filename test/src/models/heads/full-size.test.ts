import { describe, expect, it } from 'vitest';
import type { Variant } from '../../../../src/engine/build.ts';
import { MobileBertForSequenceClassification } from '../../../../src/models/heads/classification.ts';
import { MobileBertForMaskedLM } from '../../../../src/models/heads/pretraining.ts';
import { MobileBertForQuestionAnswering } from '../../../../src/models/heads/question-answering.ts';
import type { PreTrainedModel } from '../../../../src/models/pretrained-model.ts';
import type { Tensor } from '../../../../src/tensor/tensor.ts';
import { expectClose } from '../../../support/close.ts';
import {
  type FullCall,
  type FullHead,
  fullConfig,
  hashedSafetensors,
  loadFull,
} from '../../../support/hashed-weights.ts';
import { floatVariants } from '../../../support/variants.ts';

const classes = {
  MobileBertForMaskedLM,
  MobileBertForQuestionAnswering,
  MobileBertForSequenceClassification,
};

const { calls, maskedColumns } = loadFull();
const floats = floatVariants.filter(({ name }) => name !== 'debug');

/** The project's bound: 1e-5 relative L2 of Hugging Face's float64. */
const RELATIVE = 1e-5;

describe.each(floats)('the full-size MobileBERT on the $name build', ({ name: variant }) => {
  it.each(Object.keys(classes) as FullHead[])(
    '%s answers as Hugging Face in float64 at 7, 32, 128 and 384 tokens',
    async (head) => {
      const model = await load(head, variant as Variant);
      const own = calls.filter((call) => call.head === head);
      expect(own.map(({ length }) => length).sort((a, b) => a - b)).toEqual([7, 32, 128, 384]);
      for (const call of own) expectAnswer(await answer(model, call), call);
      await model.dispose();
    },
  );
});

/** Streams the weights, as from a network: the whole file is never in memory. */
function load(head: FullHead, variant: Variant): Promise<PreTrainedModel> {
  const weights = streamOf(hashedSafetensors(head));
  const files = { 'config.json': fullConfig(head), 'model.safetensors': weights };
  const Class = classes[head] as typeof MobileBertForQuestionAnswering;
  return Class.from_pretrained(files, { variant }) as Promise<unknown> as Promise<PreTrainedModel>;
}

function streamOf(chunks: Iterator<Uint8Array<ArrayBuffer>>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const { value, done } = chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

async function answer(model: PreTrainedModel, { inputs }: FullCall): Promise<Map<string, Tensor>> {
  const tensors = [...inputs].map(([name, { data, shape }]) => [name, { data, dims: shape }]);
  const outputs = await model(Object.fromEntries(tensors));
  return new Map(Object.entries(outputs) as [string, Tensor][]);
}

function expectAnswer(actual: Map<string, Tensor>, { head, length, outputs }: FullCall): void {
  for (const [name, expected] of outputs) {
    const values =
      head === 'MobileBertForMaskedLM'
        ? ofVocabulary(actual.get('logits')!, name)
        : (actual.get(name)!.data as Float32Array);
    expectClose(values, expected.data as Float64Array, {
      relative: RELATIVE,
      label: `${head} ${name} at ${length} tokens`,
    });
  }
}

/** Logits [1,S,V] -> what the golden stores of them: some columns, or the norm of each row. */
function ofVocabulary({ data, dims }: Tensor, name: string): number[] {
  const V = dims[2]!;
  const logits = data as Float32Array;
  const rows = Array.from({ length: dims[1]! }, (_, i) => logits.subarray(i * V, (i + 1) * V));
  if (name === 'logits') return rows.flatMap((row) => maskedColumns.map((column) => row[column]!));
  return rows.map((row) => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)));
}
