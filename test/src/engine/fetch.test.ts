/** Engine.fetch(): the inverse of store(). */
import { describe, expect, it } from 'vitest';
import { Engine } from '../../../src/engine/engine.ts';
import { dimensionsOf } from '../../../src/models/dimensions.ts';
import { parameters } from '../../../src/weights/names.ts';
import { rowsOf } from '../../../src/weights/tensor-info.ts';
import { smallConfig } from '../../support/models.ts';
import { floatVariants, readBuild } from '../../support/variants.ts';

const config = smallConfig();
const parts = { pooler: true, languageModel: true };

describe.each(floatVariants)('fetch() on the $name build', ({ name }) => {
  const build = name === 'relaxed' ? 'relaxed' : 'simd';
  const engineOf = () => {
    const module = new WebAssembly.Module(readBuild(`${name}.wasm`));
    return Engine.create(module, build, dimensionsOf(config, parts));
  };

  it('gives back the bits that were stored, part by part', async () => {
    const engine = await engineOf();
    for (const { name: parameter, shape, slots } of parameters(config, parts)) {
      const { rows, rowSize } = rowsOf(shape);
      // Quiet NaNs with a payload and negative zeros are bits like others.
      const bits = Uint32Array.from({ length: rows * rowSize }, (_, i) =>
        i % 5 ? 0x3f000000 + i : [0x7fc00123, 0x80000000][i % 2]!,
      );
      for (const place of slots) {
        engine.store(place, 0, rows, new Uint8Array(bits.buffer), 'F32');
        const found = engine.fetch(place, 0, rows, rowSize);
        expect(new Uint32Array(found.buffer), parameter).toEqual(bits);
        const last = engine.fetch(place, rows - 1, 1, rowSize);
        expect(new Uint32Array(last.buffer)).toEqual(bits.slice(-rowSize));
      }
    }
  });

  it('refuses what is not there', async () => {
    const engine = await engineOf();
    const query = { slot: 'Query', layer: 0, network: 0, part: 'weight' } as const;
    const T = config.true_hidden_size;
    expect(() => engine.fetch(query, 1, T, T)).toThrow(
      new RangeError(`Cannot fetch rows 1..${T} of Query weight: rows do not fit`),
    );
    expect(() => engine.fetch(query, 0, T, T + 1)).toThrow('rows do not fit');
    expect(() => engine.fetch({ ...query, layer: 9 }, 0, T, T)).toThrow('no such part');
    expect(() => engine.fetch({ ...query, slot: 'TokenHead' }, 0, T, T)).toThrow('no such part');
  });
});
