/** TensorFlow's class names: the same models, with `call`, saved under the names without TF. */
import { describe, expect, it } from 'vitest';
import type { MobileBertModel } from '../../../../src/models/heads/mobilebert-model.ts';
import * as names from '../../../../src/models/heads/tf-names.ts';
import { loadCase } from '../../../support/golden.ts';
import { classes, inputsOf, named } from '../../../support/models.ts';

const tfClasses = new Map(Object.entries(names) as [string, typeof names.TFMobileBertModel][]);

/** A golden case for each class. */
const CASES = {
  MobileBertModel: 'base-odd',
  MobileBertForPreTraining: 'pretraining',
  MobileBertForMaskedLM: 'masked-lm',
  MobileBertForNextSentencePrediction: 'next-sentence',
  MobileBertForSequenceClassification: 'sequence-single',
  MobileBertForMultipleChoice: 'choice',
  MobileBertForTokenClassification: 'token',
  MobileBertForQuestionAnswering: 'question',
} as const;
const simd = { variant: 'simd', seed: 1 } as const;

describe.each(Object.entries(CASES))('TF%s', (name, golden) => {
  it('answers as the class without TF, through call() and as a function', async () => {
    const { folder, head, ...rest } = loadCase(golden);
    expect(head).toBe(name);
    const inputs = inputsOf({ folder, head, ...rest });
    const Plain: typeof MobileBertModel = classes[name]!;
    const model = await tfClasses.get(`TF${name}`)!.from_pretrained(folder, simd);
    expect(model).toBeInstanceOf(Plain);
    const expected = named(await (await Plain.from_pretrained(folder, simd))(inputs));
    expect(named(await model.call(inputs))).toEqual(expected);
    expect(named(await model(inputs))).toEqual(expected);
  });

  it('is saved under the name without TF', async () => {
    const model = await tfClasses.get(`TF${name}`)!.from_pretrained(loadCase(golden).folder, simd);
    const { 'config.json': config } = await model.save_files();
    expect(JSON.parse(new TextDecoder().decode(config)).architectures).toEqual([name]);
  });
});
