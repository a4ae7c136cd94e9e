import { describe, expect, it } from 'vitest';
import { expectClose } from '../../support/close.ts';
import { listCases, loadCase, tolerance } from '../../support/golden.ts';
import { inputsOf, loadModel, named } from '../../support/models.ts';
import { describeVariants, floatRuns } from '../../support/variants.ts';

console.info(describeVariants());

describe.each(floatRuns)('MobileBERT on $title', ({ name: build, threads }) => {
  it.each(listCases())('answers as Hugging Face in float64: %s', async (name) => {
    const golden = loadCase(name);
    const model = await loadModel(golden, build, threads);
    const outputs = named(await model(inputsOf(golden)));
    expect([...outputs.keys()].sort()).toEqual([...golden.outputs.keys()].sort());
    for (const [output, expected] of golden.outputs) {
      const actual = outputs.get(output)!;
      expect(actual.dims, `${output}'s dims`).toEqual(expected.shape);
      expectClose(actual.data as Float32Array, expected.data, {
        relative: tolerance(golden, output),
        label: output,
      });
    }
    await model.dispose();
  });
});
