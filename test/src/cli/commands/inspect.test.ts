import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chooseDotBuild } from '../../../../src/engine/build.ts';
import { PACKING } from '../../../../src/engine/packed/packed-bytes.ts';
import { checkpointOf } from '../../../support/checkpoints.ts';
import { loadCase } from '../../../support/golden.ts';
import { writeSource } from '../checkpoint-folder.ts';
import { mobilebert } from '../terminal.ts';

const SOURCE = 'models/banking77-intents';
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mobilebert-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function inspected(...args: string[]) {
  const { code, stdout, stderr } = await mobilebert(['inspect', '--json', ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('mobilebert-wasm inspect', () => {
  it('shows what a checkpoint contains and can do', async () => {
    const found = await inspected(SOURCE);
    expect(found).toMatchObject({
      source: SOURCE,
      architecture: 'MobileBertForSequenceClassification',
      dtype: 'fp32',
      threads: 1,
      weights_file: 'model.safetensors',
      packing: null,
      relative_error: null,
      missing_keys: [],
      unexpected_keys: [],
      tasks: ['text-classification', 'feature-extraction'],
      tokenizer: {
        name: 'MobileBertTokenizer',
        tokens: 30522,
        added: 0,
        do_lower_case: true,
        model_max_length: 128,
      },
      config: { hidden_size: 128, num_hidden_layers: 4 },
    });
    expect(found.labels).toHaveLength(77);
    expect(found.weights.blocks).toBeGreaterThan(1e6);
    expect(found.files).toContainEqual({
      name: 'tokenizer_config.json',
      format: 'tokenizer',
      bytes: 280,
    });
  });

  it('shows a table that fits the terminal', async () => {
    const { code, stdout } = await mobilebert(['inspect', SOURCE], { columns: 80 });
    expect(code).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
    const plain = stdout.replace(/\u001b\[\d+m/g, '');
    expect(Math.max(...plain.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const line of [
      'Architecture     MobileBertForSequenceClassification',
      'Tasks            text-classification, feature-extraction',
      'Layers           4',
      'Hidden size      128',
      'Bottleneck size  64',
      'Attention heads  4 per layer, of size 16',
      'Feed-forward     2 networks per layer, of size 128',
      'Embedding size   64',
      'Vocabulary       30,522 tokens',
      'Longest input    128 tokens',
      'Tokenizer        MobileBertTokenizer, lower case',
      'Data type        fp32',
    ]) {
      expect(plain.split('\n')).toContain(line);
    }
    expect(plain).toMatch(/^Labels {11}77: card_arrival, /m);
    expect(plain).toMatch(/^Parameters {7}[\d,]+$/m);
    expect(plain).toMatch(/model\.safetensors\s+weights, safetensors\s+4\.7 MB/);
    expect(plain).not.toContain('Packing');
  });

  it('shows the packing of a converted folder and its measured error', async () => {
    const out = join(folder, 'converted');
    const converted = await mobilebert(['convert', '--json', SOURCE, out]);
    const { relative_error } = JSON.parse(converted.stdout);
    const found = await inspected(out);
    expect(found).toMatchObject({
      dtype: 'q8',
      build: chooseDotBuild(),
      packing: PACKING,
      weights_file: 'model.q8.safetensors',
    });
    // The header has three digits.
    expect(found.relative_error).toBe(Number(relative_error.toPrecision(3)));
    const { stdout } = await mobilebert(['inspect', out]);
    expect(stdout).toMatch(/Error +\d\.\d+ % against fp32, on probe texts\n/);
    expect(stdout).toMatch(/Calibrated +no\n/);
  });

  it('lists missing and unused tensors, and warns of neither', async () => {
    const out = mkdtempSync(join(folder, 'odd-'));
    const golden = loadCase('question');
    const files = checkpointOf(golden, (tensors) => {
      tensors.delete('qa_outputs.bias');
      tensors.set('odd.weight', { shape: [1], data: new Float32Array(1) });
    });
    writeSource(out, files);
    const found = await inspected(out);
    expect(found.missing_keys).toEqual(['qa_outputs.bias']);
    expect(found.unexpected_keys).toEqual(['odd.weight']);
    expect(found.tasks[0]).toBe('question-answering');
    const { stdout } = await mobilebert(['inspect', out]);
    expect(stdout).toMatch(/Missing +1 tensor, newly initialised, train before use: qa_outputs/);
  });

  it.each([
    ['masked-lm', ['fill-mask', 'feature-extraction']],
    ['pretraining', ['fill-mask', 'next-sentence-prediction', 'feature-extraction']],
    ['choice', ['multiple-choice', 'feature-extraction']],
    ['base-odd', ['feature-extraction']],
  ])('names the tasks of %s, in q8 as well', async (name, tasks) => {
    const found = await inspected('--dtype', 'q8', `test/golden/models/${name}`);
    expect(found).toMatchObject({ tasks, dtype: 'q8', relative_error: null });
  });

  it('lists zero-shot classification for a model whose labels are those of inference', async () => {
    const out = mkdtempSync(join(folder, 'nli-'));
    const golden = loadCase('sequence-multi-3');
    const id2label = { 0: 'entailment', 1: 'neutral', 2: 'contradiction' };
    cpSync(golden.folder, out, { recursive: true });
    writeFileSync(join(out, 'config.json'), JSON.stringify({ ...golden.config, id2label }));
    expect((await inspected(out)).tasks).toContain('zero-shot-classification');
  });

  it.each([
    [[], 2, 'found 0 of them, expected 1: SOURCE'],
    [[''], 2, 'found an empty one, expected 1: SOURCE'],
    [['./models/bankin77-intents'], 1, 'Did you mean "models/banking77-intents"'],
    [['--dtype', 'q4', SOURCE], 2, '--dtype is "q4", expected one of "auto"'],
    [['no/such/folder/anywhere'], 1, 'Cannot open'],
  ])('refuses %j', async (args, expected, message) => {
    const { code, stderr } = await mobilebert(['inspect', ...args]);
    expect(code).toBe(expected);
    expect(stderr).toContain(message);
  });
});
