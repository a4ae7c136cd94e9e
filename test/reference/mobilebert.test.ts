import { describe, expect, it } from 'vitest';
import { expectClose } from '../support/close.ts';
import { listCases, loadCase } from '../support/golden.ts';
import { runTwin } from './heads.ts';

describe.each(listCases().map(loadCase))('runTwin() on $name', (golden) => {
  it(`equals Hugging Face's float64: ${golden.what}`, () => {
    const outputs = runTwin(golden);
    for (const [name, expected] of golden.outputs) {
      const actual = outputs.get(name);
      expect(actual?.shape, `shape of ${name}`).toEqual(expected.shape);
      // Both sides are float64 and differ in the order of their sums only.
      expectClose(actual!.data, expected.data, { relative: 1e-12, label: name });
    }
    expect(outputs.has('loss'), 'loss').toBe(golden.outputs.has('loss'));
  });
});
