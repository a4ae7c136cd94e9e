import { beforeAll, describe, expect, it } from 'vitest';
import type { GoldenTensor } from '../support/golden.ts';
import {
  type FullHead,
  hashedIds,
  hashedSafetensors,
  hashedTensor,
  hashedWeights,
  loadFull,
} from '../support/hashed-weights.ts';

const full = loadFull();
const heads = Object.keys(full.checksums) as FullHead[];

describe.each(heads)('hashedWeights() of %s', (head) => {
  let weights: Map<string, GoldenTensor<Float32Array>>;
  beforeAll(() => {
    weights = hashedWeights(head);
  });

  it("has the bits of the Python script's weights", () => {
    let sum = 0;
    for (const { data } of weights.values()) {
      for (const bits of new Uint32Array(data.buffer)) sum = (sum + bits) >>> 0;
    }
    expect(sum).toBe(full.checksums[head]);
  });

  it('is what hashedSafetensors() writes', () => {
    const sizes = Array.from(hashedSafetensors(head), (chunk) => chunk.length);
    expect(sizes.slice(2)).toEqual([...weights.values()].map(({ data }) => data.byteLength));
  });
});

describe('loadFull()', () => {
  it('has every head at 7, 32, 128 and 384 tokens', () => {
    const found = full.calls.map(({ head, length }) => `${head} ${length}`).sort();
    const lengths = [7, 32, 128, 384];
    expect(found).toEqual(heads.flatMap((head) => lengths.map((s) => `${head} ${s}`)).sort());
  });

  it('has the ids of hashedIds()', () => {
    for (const { inputs, length } of full.calls) {
      expect(Array.from(inputs.get('input_ids')!.data, Number)).toEqual(hashedIds(length));
    }
  });

  it('keeps 64 columns of the vocabulary, the last one among them', () => {
    expect(new Set(full.maskedColumns).size).toBe(64);
    expect(Math.max(...full.maskedColumns)).toBe(30521);
  });
});

describe('hashedTensor()', () => {
  it('stays within the spread of its kind', () => {
    const norm = hashedTensor('x.LayerNorm.weight', [1000]);
    expect(Math.min(...norm)).toBeGreaterThanOrEqual(Math.fround(0.85));
    expect(Math.max(...norm)).toBeLessThan(1.05);
  });
});
