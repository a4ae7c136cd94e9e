/**
 * A short run of tools/check/fuzz.js on the sources: broken files are refused by name or accepted.
 */
import { describe, expect, it, vi } from 'vitest';
import * as library from '../../../src/index.ts';
import { lookup3 } from '../../../src/weights/formats/lookup3.ts';
import { loadWeights } from '../../../src/weights/load.ts';
import { parseShardIndex } from '../../../src/weights/shard-index.ts';

interface Target {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Plain JavaScript, which the compiler does not read: its type is said here. */
const { fuzz, generator, mutate, targetsOf } = (await import(
  new URL('../../../tools/check/fuzz.js', import.meta.url).href
)) as {
  fuzz(options: {
    targets: Target[];
    count: number;
    seed: number;
    mostTime?: number;
    memoryFloor?: number;
  }): Promise<string[]>;
  generator(seed: number): () => number;
  mutate(bytes: Uint8Array, random: () => number, isText?: boolean): Uint8Array;
  targetsOf(parts: object): Promise<Target[]>;
};

describe('fuzz()', () => {
  it('finds nothing in 800 broken files', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const targets = await targetsOf({ ...library, loadWeights, lookup3, parseShardIndex });
    expect(targets.length).toBeGreaterThan(20);
    // Other tests run beside this one: `npm run fuzz` measures time and memory.
    const bounds = { mostTime: 20_000, memoryFloor: Infinity };
    expect(await fuzz({ targets, count: 800, seed: 20_000_000, ...bounds })).toEqual([]);
    warn.mockRestore();
  });

  it('would find a reader that fails without a name', async () => {
    const target = {
      name: 'bad',
      bytes: new Uint8Array(50),
      errors: ['WeightsError'],
      run: async (bytes: Uint8Array) => void new DataView(bytes.buffer).getUint32(45),
    };
    expect((await fuzz({ targets: [target], count: 50, seed: 1 })).length).toBeGreaterThan(0);
  });

  it('would find a reader that takes too long', async () => {
    const run = async () => {
      for (const start = performance.now(); performance.now() - start < 20; );
    };
    const target = { name: 'slow', bytes: new Uint8Array(50), errors: [], run };
    const findings = await fuzz({ targets: [target], count: 1, seed: 1, mostTime: 10 });
    expect(findings[0]).toMatch(/^slow, seed 1, \d+ bytes: took \d+ ms$/);
  });

  it('would find a reader that takes too much memory', async () => {
    const kept: Uint8Array[] = [];
    const run = async () => void kept.push(new Uint8Array(2 ** 26).fill(1));
    const target = { name: 'large', bytes: new Uint8Array(50), errors: [], run };
    const bounds = { mostTime: 20_000, memoryFloor: 2 ** 24 };
    const findings = await fuzz({ targets: [target], count: 1, seed: 1, ...bounds });
    expect(findings[0]).toMatch(/^large, seed 1, \d+ bytes: took \d+ MiB$/);
  });
});

describe('mutate()', () => {
  it('makes the same change of the same seed, and leaves the original', () => {
    const bytes = new Uint8Array(100);
    expect(mutate(bytes, generator(5))).toEqual(mutate(bytes, generator(5)));
    expect(bytes).toEqual(new Uint8Array(100));
  });
});
