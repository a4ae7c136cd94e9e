import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Request } from '../../../src/engine/engine.ts';
import { InputError } from '../../../src/errors.ts';
import { env, LogLevel } from '../../../src/hub/options.ts';
import { FillMaskPipeline, type MaskFill } from '../../../src/pipelines/fill-mask.ts';
import { pipeline } from '../../../src/pipelines/pipeline.ts';
import { expectClose } from '../../support/close.ts';
import { sourceOf, texts } from './support.ts';

let fill: FillMaskPipeline;

beforeAll(async () => {
  fill = await pipeline('fill-mask', sourceOf('masked-lm'));
});

const masked = texts.map((text) => text.replace(/\w+/, '[MASK]'));

describe('FillMaskPipeline', () => {
  it("gives softmax of the model's logits at the mask", async () => {
    const { model, tokenizer } = fill;
    const inputs = tokenizer('my [MASK] is lost', { return_tensor: false });
    const at = inputs.input_ids.indexOf(tokenizer.mask_token_id!);
    const { logits } = await model({ input_ids: [inputs.input_ids] });
    const V = model.config.vocab_size;
    const row = [...logits.data.slice(at * V, (at + 1) * V)];
    const sum = row.reduce((total, x) => total + Math.exp(x), 0);
    const found = (await fill('my [MASK] is lost', { top_k: V })) as MaskFill[];
    const expected = row.map((x, token) => ({ token, score: Math.exp(x) / sum }));
    expected.sort((a, b) => b.score - a.score);
    expect(found.map(({ token }) => token)).toEqual(expected.map(({ token }) => token));
    // Both sides have the same float32 logits; the sum of 43 exponentials is float64.
    expectClose(
      found.map(({ score }) => score),
      expected.map(({ score }) => score),
      { relative: 1e-6 },
    );
  });

  it('asks the engine for masked rows only', async () => {
    const run = vi.spyOn(fill.model, 'run');
    await fill(['my [MASK] is [MASK] .', 'the [MASK]']);
    const [{ rows, lengths }] = run.mock.calls[0] as [Request];
    expect([...lengths]).toEqual([7, 4]);
    expect([...rows!]).toEqual([2, 4, 9]);
    run.mockRestore();
  });

  it('gives a batch, in its order, exactly what each text gives alone', async () => {
    const many = Array.from({ length: 600 }, (_, i) => masked[(i * i) % masked.length]!);
    const run = vi.spyOn(fill.model, 'run');
    const found = await fill(many);
    expect(run.mock.calls.length).toBeGreaterThan(1);
    run.mockRestore();
    const alone = new Map<string, unknown>();
    for (const text of masked) alone.set(text, await fill(text));
    expect(found).toEqual(many.map((text) => alone.get(text)));
  });

  it('takes few masks at a time, as each has a row of the whole vocabulary', async () => {
    const run = vi.spyOn(fill.model, 'run');
    await fill(new Array<string>(40).fill('[MASK] '.repeat(30)));
    for (const [{ rows }] of run.mock.calls) expect(rows!.length).toBeLessThanOrEqual(256);
    run.mockRestore();
  });

  it('gives a list for one text, a list of lists for a batch or several masks', async () => {
    const one = {
      score: expect.any(Number),
      token: expect.any(Number),
      token_str: expect.any(String),
    };
    const fills = (k: number) => new Array(k).fill({ ...one, sequence: expect.any(String) });
    expect(await fill('[MASK]')).toEqual(fills(5));
    expect(await fill(['[MASK]'], { top_k: 2 })).toEqual([fills(2)]);
    expect(await fill('[MASK] [MASK]', { top_k: 3 })).toEqual([fills(3), fills(3)]);
    expect(await fill('[MASK]', { top_k: 1000 })).toHaveLength(43);
  });

  it('gives no text for tokens of the model that its tokenizer lacks', async () => {
    const found = (await fill('my [MASK]', { top_k: 43 })) as MaskFill[];
    const beyond = found.filter(({ token }) => token >= fill.tokenizer.length);
    expect(beyond).toHaveLength(43 - fill.tokenizer.length);
    for (const { token_str, sequence } of beyond) expect([token_str, sequence]).toEqual(['', 'my']);
  });

  it('gives only targets, each once, and warns of those that are not in the vocabulary', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const all = (await fill('my [MASK]', { top_k: 43 })) as MaskFill[];
    const some = (await fill('my [MASK]', { targets: ['pin', 'card', 'pin'] })) as MaskFill[];
    expect(some).toEqual(all.filter(({ token_str }) => ['pin', 'card'].includes(token_str)));
    expect(warn).not.toHaveBeenCalled();
    const pieces = (await fill('my [MASK]', { targets: 'cards' })) as MaskFill[];
    expect(pieces.map(({ token_str }) => token_str)).toEqual(['card']);
    expect(warn.mock.calls).toEqual([
      ['mobilebert-wasm: target "cards" is not in the vocabulary, "card" is used instead'],
    ]);
    env.logLevel = LogLevel.NONE;
    await expect(fill('my [MASK]', { targets: [' '] })).rejects.toThrow(
      'Cannot fill masks: targets hold no tokens, expected at least one',
    );
    env.logLevel = LogLevel.WARNING;
    expect(warn).toHaveBeenCalledTimes(1);
    warn.mockRestore();
  });

  it.each([
    ['pin', {}, InputError, 'Cannot fill masks: text 0 has no [MASK] among its 3 tokens'],
    [['[MASK]', 'pin'], {}, InputError, 'text 1 has no [MASK]'],
    [`${'pin '.repeat(99)}[MASK]`, {}, InputError, 'no [MASK] among its 35 tokens'],
    [[], {}, RangeError, 'Cannot fill masks: texts is an empty array'],
    [null, {}, TypeError, 'Cannot fill masks: texts is null'],
    ['[MASK]', { top_k: 0 }, RangeError, 'top_k is 0, expected an integer from 1 on'],
    ['[MASK]', { top_k: '5' }, RangeError, 'top_k is "5"'],
    ['[MASK]', { targets: [] }, RangeError, 'targets is an empty array'],
    ['[MASK]', { targets: [7] }, TypeError, 'targets[0] is a number'],
  ] as [unknown, object, ErrorConstructor, string][])(
    'refuses %j with %j, and works on',
    async (input, options, kind, message) => {
      const call = fill(input as string, options);
      await expect(call).rejects.toThrow(message);
      await expect(call).rejects.toBeInstanceOf(kind);
      expect(await fill('[MASK]')).toHaveLength(5);
    },
  );

  it('refuses a tokenizer without a mask', async () => {
    const other = new FillMaskPipeline({ ...fill, task: 'fill-mask', tokenizer: fill.tokenizer });
    const { mask_token } = fill.tokenizer;
    fill.tokenizer.mask_token = null;
    await expect(other('[MASK]')).rejects.toThrow('Cannot fill masks: tokenizer has no mask_token');
    fill.tokenizer.mask_token = mask_token;
  });

  it('stops between passes when it is aborted, and works on afterwards', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(new Error('enough')));
    const many = new Array<string>(2000).fill(masked[2]!);
    await expect(fill(many, abort)).rejects.toThrow('enough');
    expect(await fill('[MASK]')).toHaveLength(5);
  });

  it('works on after a pass has failed', async () => {
    vi.spyOn(fill.model, 'run').mockRejectedValueOnce(new RangeError('no memory'));
    await expect(fill('[MASK]')).rejects.toThrow('no memory');
    expect(await fill('[MASK]')).toHaveLength(5);
  });
});
