import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pipeline } from '../../../../src/pipelines/pipeline.ts';
import { mobilebert } from '../terminal.ts';

const SOURCE = 'models/banking77-intents';
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mobilebert-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

describe('mobilebert-wasm convert', () => {
  it('writes a folder whose model answers like the checkpoint', async () => {
    const out = join(folder, 'converted');
    const { code, stdout } = await mobilebert(['convert', '--json', SOURCE, out]);
    expect(code).toBe(0);
    const { bytes, architecture, relative_error } = JSON.parse(stdout);
    expect(architecture).toBe('MobileBertForSequenceClassification');
    expect(relative_error).toBeGreaterThan(0);
    expect(relative_error).toBeLessThan(0.03);
    expect(statSync(join(out, 'model.q8.safetensors')).size).toBe(bytes);
    expect(readdirSync(out).sort()).toEqual([
      'config.json',
      'model.q8.safetensors',
      'tokenizer_config.json',
      'vocab.txt',
    ]);
    const text = 'My card has not arrived yet';
    const [before] = await (await pipeline('text-classification', SOURCE))([text]);
    const [after] = await (await pipeline('text-classification', out))([text]);
    expect(after).toMatchObject({ label: (before as { label: string }).label });
  });

  it('writes fp16 weights that load as a plain checkpoint', async () => {
    const out = join(folder, 'fp16');
    const { code, stdout } = await mobilebert(['convert', '--dtype', 'fp16', SOURCE, out]);
    expect(code).toBe(0);
    // The bundled model is F16 already: nothing is rounded.
    expect(stdout).toMatch(
      /model\.safetensors: MobileBertForSequenceClassification, \d\.\d MB, 0 % error/,
    );
    expect(readdirSync(out).sort()).toEqual([
      'config.json',
      'model.safetensors',
      'tokenizer_config.json',
      'vocab.txt',
    ]);
    const text = 'My card has not arrived yet';
    const before = await (await pipeline('text-classification', SOURCE))(text);
    expect(await (await pipeline('text-classification', out))(text)).toEqual(before);
  });

  it.each(['q8', 'fp16'])(
    'measures the error of %s on random words if there is no tokenizer',
    async (dtype) => {
      const out = join(folder, `bare-${dtype}`);
      const golden = 'test/golden/models/choice';
      const { code, stdout } = await mobilebert([
        'convert',
        '--json',
        '--dtype',
        dtype,
        golden,
        out,
      ]);
      expect(code).toBe(0);
      const { relative_error } = JSON.parse(stdout);
      expect(relative_error).toBeGreaterThan(0);
      expect(relative_error).toBeLessThan(dtype === 'q8' ? 0.1 : 0.005);
    },
  );

  it('calibrates on random words from a seed, and inspect shows it', async () => {
    const golden = 'test/golden/models/masked-lm';
    const files = ['one', 'two', 'other'].map((name) => join(folder, name));
    const [nearest, one, two, other] = [
      await mobilebert(['convert', '--json', golden, join(folder, 'nearest')]),
      await mobilebert(['convert', '--json', '--calibrate', golden, files[0]!]),
      await mobilebert(['convert', '--json', '--seed', '1', golden, files[1]!]),
      await mobilebert(['convert', '--json', '--seed', '2', golden, files[2]!]),
    ].map(({ stdout }) => JSON.parse(stdout));
    expect(one.relative_error).toBeLessThan(0.8 * nearest.relative_error);
    expect(other.relative_error).not.toBe(one.relative_error);
    expect(two.bytes).toBe(one.bytes);
    const [first, second] = files.map((file) => readFileSync(join(file, 'model.q8.safetensors')));
    expect(second).toEqual(first);
    const { stdout } = await mobilebert(['inspect', files[0]!]);
    expect(stdout).toMatch(/Calibrated +on 336 texts, \d+ tokens\n/);
  });

  it('calibrates on texts of a file, with pairs separated by tabs', async () => {
    const out = join(folder, 'texts');
    const texts = `${'My card has not arrived yet.\tWhen will it?\nWhere is my money?\n\n'.repeat(800)}`;
    const { code } = await mobilebert(['convert', '--texts', '-', SOURCE, out], { stdin: texts });
    expect(code).toBe(0);
    // [CLS] my card has not arrived yet . [SEP] when will it ? [SEP]: 14; [CLS] where is my money ? [SEP]: 7.
    const { stdout } = await mobilebert(['inspect', out]);
    const [, count, words] = stdout.match(/on (\d+) texts, (\d+) tokens/)!;
    expect(Number(count)).toBeGreaterThan(1550);
    expect(Number(words)).toBeLessThanOrEqual(16384);
    expect(Math.abs(Number(words) - Number(count) * 10.5)).toBeLessThanOrEqual(4);
  });

  it('leaves nothing behind if the checkpoint does not exist', async () => {
    const out = join(folder, 'nothing');
    const { code, stderr } = await mobilebert(['convert', join(folder, 'no-such'), out]);
    expect(code).toBe(1);
    expect(stderr).toContain('mobilebert-wasm: Cannot');
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    [[SOURCE], 'found 1 of them, expected 2: SOURCE and OUT'],
    [
      ['--dtype', 'fp16', '--calibrate', SOURCE, 'x'],
      'Cannot calibrate: --dtype is "fp16", expected "q8"',
    ],
    [['--dtype', 'fp16', SOURCE, `./${SOURCE}`], 'OUT is the same folder, expected another one'],
    [['--seed', 'a', SOURCE, 'x'], '--seed is "a", expected a whole number'],
    [['--dtype', 'q4', SOURCE, 'x'], '--dtype is "q4", expected one of "q8", "fp16"'],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await mobilebert(['convert', ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});
