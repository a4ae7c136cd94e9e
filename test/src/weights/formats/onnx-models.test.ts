/** ONNX models of heads, loaded as from_pretrained finds them (tools/golden/make-onnx.py). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FilesError } from '../../../../src/errors.ts';
import type { Tensor } from '../../../../src/tensor/tensor.ts';
import { loadCase } from '../../../support/golden.ts';
import { classes, named } from '../../../support/models.ts';
import { keepWarnings } from '../../../support/warnings.ts';
import { modelOf } from '../onnx-file.ts';

const ROOT = 'test/golden/onnx';

interface Answers {
  readonly torch: readonly number[][];
  readonly onnxruntime: readonly number[][];
}

const { input_ids, ...answers } = JSON.parse(readFileSync(`${ROOT}/outputs.json`, 'utf8')) as {
  input_ids: number[][];
} & Record<string, Record<string, Answers>>;
const files = Object.entries(answers).flatMap(([name, kinds]) =>
  Object.keys(kinds).map((file) => [name, file] as const),
);
const simd = { variant: 'simd', seed: 1 } as const;
const warnings = keepWarnings();

const read = (name: string, file: string) =>
  new Uint8Array(readFileSync(`${ROOT}/${name}/onnx/${file}`));

/** The model that a file of a case is, as from_pretrained finds it, and its answer. */
async function outputsOf(name: string, source: Record<string, object>, options: object = {}) {
  const golden = loadCase(name);
  const checkpoint = { 'config.json': golden.config, ...source };
  const model = await classes[golden.head]!.from_pretrained(checkpoint, { ...simd, ...options });
  const outputs = named(await model({ input_ids }));
  return { model, outputs: [...outputs.values()] as Tensor<'float32'>[] };
}

/** Largest relative L2 error of an output. */
function errorOf(found: readonly Tensor<'float32'>[], expected: readonly number[][]): number {
  const errors = found.map(({ data }, output) => {
    const values = expected[output]!;
    expect(data.length).toBe(values.length);
    const [error, norm] = [...data].reduce(
      ([sum, all], value, i) => [sum + (value - values[i]!) ** 2, all + values[i]! ** 2],
      [0, 0],
    ) as [number, number];
    return Math.sqrt(error / norm);
  });
  expect(errors.length).toBe(expected.length);
  return Math.max(...errors);
}

describe('from_pretrained()', () => {
  it.each(files)('gives the answers of PyTorch and onnxruntime for %s/%s', async (name, file) => {
    const source = { 'onnx/model.onnx': read(name, file) };
    const { outputs, model } = await outputsOf(name, source, { dtype: 'fp32' });
    const expected = answers[name]![file]!;
    // Half-precision files: weights of 11 bits. Else the same numbers in float32, summed otherwise.
    const limit = file.includes('fp16') ? 2e-3 : 3e-6;
    expect(errorOf(outputs, expected.torch)).toBeLessThan(limit);
    // onnxruntime rounds activations to 8 bits as well.
    const native = /quantized|uint8/.test(file) ? 0.1 : limit;
    expect(errorOf(outputs, expected.onnxruntime)).toBeLessThan(native);
    // What no output depends on is not in a graph.
    const missing_keys = name.endsWith('untied') ? ['cls.predictions.bias'] : [];
    expect(model.loading_info).toMatchObject({ missing_keys, unexpected_keys: [] });
    expect(warnings.length).toBe(missing_keys.length);
  });

  it('finds the file that transformers.js would: of the dtype, else the fullest', async () => {
    const name = 'sequence-single';
    const all = Object.fromEntries(
      Object.keys(answers[name]!).map((file) => [`onnx/${file}`, read(name, file)]),
    );
    const { 'onnx/model.onnx': full, ...others } = all;
    const without = (file: string) =>
      Object.fromEntries(Object.entries(all).filter(([key]) => key !== file));
    const cases: [
      files: Record<string, object>,
      dtype: string | undefined,
      kept: string,
      file: string,
      subfolder?: string,
    ][] = [
      [all, undefined, 'fp32', 'model.onnx'],
      [all, 'fp32', 'fp32', 'model.onnx'],
      [all, 'fp16', 'fp16', 'model_fp16.onnx'],
      [all, 'q8', 'q8', 'model_quantized.onnx'],
      [without('onnx/model_quantized.onnx'), 'q8', 'q8', 'model.onnx'],
      [others, undefined, 'fp16', 'model_fp16.onnx'],
      [others, 'fp32', 'fp32', 'model_fp16.onnx'],
      [
        { 'onnx/model_uint8.onnx': all['onnx/model_uint8.onnx']! },
        undefined,
        'q8',
        'model_uint8.onnx',
      ],
      [{ 'model.onnx': full! }, undefined, 'fp32', 'model.onnx'],
      [all, undefined, 'fp32', 'model.onnx', 'onnx'],
    ];
    for (const [source, dtype, kept, file, subfolder] of cases) {
      const { model, outputs } = await outputsOf(name, source, { dtype, subfolder });
      expect((await model.info()).dtype).toBe(kept);
      // Eight bits twice over, on a model of no more than a few thousand weights.
      const limit = kept === 'q8' ? 0.05 : 3e-3;
      expect(errorOf(outputs, answers[name]![file]!.torch)).toBeLessThan(limit);
    }
  });

  it('says which file is missing that a model keeps its values in, and stays in the folder', async () => {
    const place = (location: string) =>
      modelOf([], [{ name: 'classifier.bias', dims: [7], external: { location, offset: '0' } }]);
    const source = (location: string) => ({ 'onnx/model.onnx': place(location) });
    await expect(outputsOf('sequence-single', source('model.onnx_data'))).rejects.toThrow(
      'values of "classifier.bias" are in "model.onnx_data", which is not there',
    );
    await expect(outputsOf('sequence-single', source('../secret'))).rejects.toThrow(FilesError);
  });
});
