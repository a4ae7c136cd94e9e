import { describe, expect, it } from 'vitest';
import type { Request } from '../../../src/engine/engine.ts';
import type { PreTrainedModel } from '../../../src/models/pretrained-model.ts';
import { type Row, raggedPasses } from '../../../src/pipelines/ragged.ts';

const rowOf = (length: number, first = 0): Row => ({
  input_ids: Array.from({ length }, (_, i) => first + i),
  token_type_ids: new Array(length).fill(1),
});

/** A model that records its requests. */
function recorder() {
  const requests: Request[] = [];
  const model = {
    async run(request: Request) {
      requests.push(request);
      return {};
    },
  } as unknown as PreTrainedModel<never>;
  return { model, requests };
}

async function indicesOf(lengths: readonly number[], signal?: AbortSignal) {
  const { model, requests } = recorder();
  const all: number[][] = [];
  const rows = lengths.map((length) => rowOf(length));
  for await (const { indices } of raggedPasses(model, rows, ['SequenceLogits'], signal)) {
    all.push([...indices]);
  }
  return { all, requests };
}

describe('raggedPasses()', () => {
  it('runs the longest rows first, equal ones in their order', async () => {
    expect((await indicesOf([3, 9, 3, 20])).all).toEqual([[3, 1, 0, 2]]);
  });

  it.each([
    { lengths: [2048, 1], sizes: [2048, 1] },
    { lengths: [1000, 1000, 48, 1], sizes: [2048, 1] },
    { lengths: [5000, 2], sizes: [5000, 2] },
    { lengths: new Array(1000).fill(7), sizes: [292 * 7, 292 * 7, 292 * 7, 124 * 7] },
  ])('keeps passes to 2,048 tokens unless a single row has more: $sizes', async (one) => {
    const { all, requests } = await indicesOf(one.lengths);
    expect(requests.map(({ attentionMask }) => attentionMask.length)).toEqual(one.sizes);
    expect(all.flat().sort((a, b) => a - b)).toEqual(one.lengths.map((_, i) => i));
  });

  it('puts rows one behind the other, positions from 0, no token masked', async () => {
    const { model, requests } = recorder();
    for await (const pass of raggedPasses(
      model,
      [rowOf(2, 10), rowOf(3, 20)],
      ['Pooled'],
      undefined,
    ))
      expect(pass.buffers).toEqual({});
    expect(requests).toEqual([
      {
        lengths: Int32Array.of(3, 2),
        inputIds: Int32Array.of(20, 21, 22, 10, 11),
        tokenTypeIds: Int32Array.of(1, 1, 1, 1, 1),
        positionIds: Int32Array.of(0, 1, 2, 0, 1),
        attentionMask: Int32Array.of(1, 1, 1, 1, 1),
        outputs: ['Pooled'],
      },
    ]);
  });

  it('asks for the selected positions of rows, counted from the start of the batch', async () => {
    const { model, requests } = recorder();
    const rows = [
      { ...rowOf(2, 10), selected: [1] },
      { ...rowOf(3, 20), selected: [0, 2] },
    ];
    for await (const { indices } of raggedPasses(model, rows, ['LastHiddenState'], undefined)) {
      expect(indices).toEqual([1, 0]);
    }
    expect(requests.map((request) => request.rows)).toEqual([Int32Array.of(0, 2, 4)]);
  });

  it('lets timers run between passes, and stops there when they abort', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort());
    await expect(indicesOf([2048, 2048, 2048], abort.signal)).rejects.toThrow(/abort/i);
  });
});
