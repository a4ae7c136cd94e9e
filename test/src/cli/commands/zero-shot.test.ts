import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pipeline } from '../../../../src/pipelines/pipeline.ts';
import { sourceOf, texts } from '../../pipelines/support.ts';
import { writeSource } from '../checkpoint-folder.ts';
import { mobilebert, type Surroundings } from '../terminal.ts';

const id2label = { 0: 'entailment', 1: 'a', 2: 'b', 3: 'c', 4: 'd', 5: 'e', 6: 'contradiction' };
const source = sourceOf('sequence-single', { id2label, label2id: null });
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mobilebert-'));
  writeSource(folder, source);
});

afterAll(() => rmSync(folder, { recursive: true }));

const zeroShot = (args: readonly string[], surroundings?: Surroundings) =>
  mobilebert(['zero-shot', '--model', folder, ...args], surroundings);

describe('mobilebert-wasm zero-shot', () => {
  it.each([
    [['-l', 'card, money,rome'], {}],
    [['--labels', 'card', '--labels', 'money,rome'], {}],
    [['-l', 'card,money,rome', '--multi-label'], { multi_label: true }],
    [['-l', 'card,money,rome', '-t', 'where is {}'], { hypothesis_template: 'where is {}' }],
  ])('prints the result of the pipeline for each text: %j', async (args, options) => {
    const classify = await pipeline('zero-shot-classification', source);
    const expected = (await classify(texts, 'card,money,rome', options)).map((one) => ({
      text: one.sequence,
      labels: one.labels.map((label, i) => ({ label, score: one.scores[i] })),
    }));
    const { code, stdout, stderr } = await zeroShot(['--json', ...args], {
      stdin: texts.join('\n'),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(expected);
  });

  it('prints a table of all labels, or of the best ones', async () => {
    const rows = async (...args: string[]) =>
      (await zeroShot(['-l', 'card,money', ...args, 'pin'])).stdout.trimEnd().split('\n').slice(2);
    expect(await rows()).toEqual([
      expect.stringMatching(/^pin {3}(card|money) +\d+\.\d %$/),
      expect.stringMatching(/^ {6}(card|money) +\d+\.\d %$/),
    ]);
    expect(await rows('-k', '1')).toHaveLength(1);
  });

  it.each([
    [['pin'], 'found no --labels, expected at least one'],
    [['-l', ' , ', 'pin'], 'found no --labels, expected at least one'],
    [['-l', 'a', '-k', '0', 'pin'], '--top-k is "0"'],
  ])('refuses %j with exit code 2', async (args, message) => {
    const { code, stdout, stderr } = await zeroShot(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toContain('Try "npx mobilebert-wasm zero-shot --help"');
  });

  it('requires --model, since no model is bundled', async () => {
    const { code, stderr } = await mobilebert(['zero-shot', '-l', 'a', 'pin']);
    expect(code).toBe(2);
    expect(stderr).toContain('found no --model');
  });

  it('fails with exit code 1 on a template without {}', async () => {
    const { code, stderr } = await zeroShot(['-l', 'a', '-t', 'label', 'pin']);
    expect(code).toBe(1);
    expect(stderr).toContain('hypothesis_template is "label", expected "{}"');
  });
});
